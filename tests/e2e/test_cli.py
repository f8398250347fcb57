"""dfctl against a real server: answers, exit codes, repeatable creates, and a watch that outlives its connection."""
import contextlib
import csv
import io
import json
import os
import pty
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from stack import BIN, CAMPAIGN_SECONDS, ROOT, Stack

EXAMPLES = ROOT / "client" / "cli" / "examples"
NOBODY = "0198c0de-0000-7000-8000-000000000001"


class Relay:
    """A way to a server that can be cut: then whoever comes is hung up on."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target, self.is_cut, self.ends = (host, int(port)), False, []
        self.door = socket.create_server((host, 0))
        self.address = f"{host}:{self.door.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.door.accept()[0]
                if self.is_cut:
                    near.close()
                    continue
                far = socket.create_connection(self.target)
                self.ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self.pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def pass_on(source, sink):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)

    def cut(self):
        self.is_cut = True
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.ends.clear()

    def mend(self):
        self.is_cut = False

    def close(self):
        with contextlib.suppress(OSError):
            self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()
        self.cut()


class CommandLine(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start()
        cls.folder = Path(tempfile.mkdtemp(dir=cls.stack.folder))

    def environment(self):
        return {**os.environ, "DOMAINFLOW_SERVER": self.stack.instances[0].grpc, "LC_ALL": "C.UTF-8",
                "XDG_CONFIG_HOME": str(self.folder)}

    def dfctl(self, *arguments, code=0, data=None, **environment):
        """Standard output and standard error of a run that must end with `code`."""
        done = subprocess.run([BIN / "dfctl", *map(str, arguments)], input=data, capture_output=True, text=True,
                              timeout=CAMPAIGN_SECONDS, env={**self.environment(), **environment})
        self.assertEqual(done.returncode, code, f"dfctl {arguments}: {done.stderr}{done.stdout}")
        return done.stdout, done.stderr

    def json(self, *arguments, **more):
        return json.loads(self.dfctl("-o", "json", *arguments, **more)[0])

    def spawn(self, *arguments):
        process = subprocess.Popen([BIN / "dfctl", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=self.environment())
        self.addCleanup(process.kill)
        return process

    def ends_with(self, process, code):
        out, err = process.communicate(timeout=CAMPAIGN_SECONDS)
        self.assertEqual(process.returncode, code, f"{err}{out}")
        return out, err

    def test_the_examples_can_be_created_again_and_again(self):
        for kind, file in (("persona", "dns-persona"), ("persona", "http-persona"), ("keyword-set", "keywords"),
                           ("campaign", "campaign")):
            file = EXAMPLES / f"{file}.json"
            first = self.json(kind, "create", "-f", file, "--if-missing")
            again = self.json(kind, "create", "-f", file, "--if-missing")
            noun = {"keyword-set": "keywordSet"}.get(kind, kind)
            self.assertEqual(first[noun]["id"], again[noun]["id"])
            if kind == "campaign":
                pattern = first["campaign"]["configuration"]["patternConfig"]
                self.assertEqual((len(pattern["personaIds"]), len(pattern["keywordSetIds"])), (2, 1))
                self.assertIn("nothing was started",
                              self.dfctl(kind, "create", "-f", file, "--if-missing", "--start")[1])
            else:
                self.assertIn("NAME_TAKEN", self.dfctl(kind, "create", "-f", file, code=4)[1])
        other = {**json.loads((EXAMPLES / "keywords.json").read_text()), "rules": ["other"]}
        self.assertIn("another rules", self.dfctl("keyword-set", "create", "-f", "-", "--if-missing", code=4,
                                                  data=json.dumps(other))[1])

    def test_mistakes_end_with_two_and_name_every_field(self):
        self.dfctl("campaign", "wach", "x", code=2)
        self.dfctl("campaign", "get", "no such name", code=3)
        self.dfctl("campaign", "create", "-f", "/nonexistent", code=2)
        self.dfctl("campaign", "create", "-f", "-", data="{", code=2)
        wrong = {"name": "", "configuration": {"patternConfig": {"type": "prefix", "prefixVariableLength": 400,
                                                                 "tlds": [".com", "!"]}}}
        out, err = self.dfctl("campaign", "create", "-f", "-", data=json.dumps(wrong), code=2)
        self.assertEqual(out, "")
        self.assertIn("(VALIDATION_ERROR)", err)
        self.assertIn("\n  configuration.patternConfig.tlds[1]: ", err)
        self.assertIn("\n  configuration.patternConfig.prefixVariableLength: ", err)

    def test_what_is_wrong_is_named_where_it_is(self):
        self.assertIn("campaign create needs -f FILE", self.dfctl("campaign", "create", code=2)[1])
        self.assertIn("standard input: not JSON", self.dfctl("campaign", "create", "-f", "-", data="{", code=2)[1])
        self.assertEqual(self.dfctl("campaign", "create", "-f", self.folder, code=2)[1].count(str(self.folder)), 1)
        wrong = {"name": "ids", "patternConfig": {"type": "constant", "constant": "one", "personaIds": ["no-uuid", NOBODY]}}
        err = self.dfctl("campaign", "create", "-f", "-", data=json.dumps(wrong), code=2)[1]
        self.assertIn("\n  patternConfig.personaIds[0]: must be a UUID\n", err)
        self.assertNotIn("no such persona", err)  # once all are UUIDs, they are looked up, each under its own index
        wrong["patternConfig"]["personaIds"] = [self.stack.create_persona("dns"), NOBODY]
        err = self.dfctl("campaign", "create", "-f", "-", data=json.dumps(wrong), code=2)[1]
        self.assertIn("\n  patternConfig.personaIds[1]: there is no such persona", err)
        wrong = {"name": "fast", "personaType": "dns", "configDetails": {"resolvers": ["9.9.9.9"], "rateLimitDps": -1}}
        err = self.dfctl("persona", "create", "-f", "-", data=json.dumps(wrong), code=2)[1]
        self.assertIn("must be between 0 and 1000000\n", err)

    def test_unknown_refused_and_unreachable_have_codes_of_their_own(self):
        self.assertIn("(CAMPAIGN_UNKNOWN)", self.dfctl("campaign", "get", NOBODY, code=3)[1])
        self.assertIn("(CAMPAIGN_UNKNOWN)", self.dfctl("campaign", "watch", NOBODY, code=3)[1])
        self.dfctl("persona", "get", NOBODY, code=3)
        campaign = self.stack.create_campaign(10, mode="step_by_step")
        self.assertIn("(NO_CONTROL_PHASE)", self.dfctl("campaign", "pause", campaign, code=4)[1])
        self.dfctl("campaign", "start", campaign, "http", code=4)
        self.dfctl("--server", f"unix:{self.folder}/none", "--timeout", "2s", "campaign", "list", code=5)

    def test_a_campaign_can_be_driven_phase_by_phase(self):
        campaign = self.stack.create_campaign(200, mode="step_by_step")
        for phase in ("generation", "dns", "http", "analysis", "leads"):
            self.assertEqual(self.json("campaign", "start", campaign)["state"]["phase"], phase)
            goal = "completed" if phase == "leads" else phase
            lines = self.dfctl("campaign", "watch", campaign, "--until", goal)[0]
            self.assertNotIn("\033", lines)
        self.assertIn("(ALL_COMPLETED)", self.dfctl("campaign", "start", campaign, code=4)[1])
        snapshot = self.json("campaign", "status", campaign)["snapshot"]
        self.assertEqual((snapshot["status"], snapshot["controlPhase"]), ("completed", None))
        sums = self.stack.expectation().sums(self.stack.names(200))
        self.assertEqual(self.json("campaign", "funnel", campaign), sums["funnel"])
        leads = self.json("domain", "list", campaign, "--lead-status", "match", "--limit", "all")
        self.assertEqual(len(leads["domains"]), sums["funnel"]["leads"])
        self.assertFalse(leads["hasMore"])
        self.assertTrue(self.json("domain", "list", campaign, "--limit", "7")["hasMore"])
        self.assertEqual(len(self.json("campaign", "executions", campaign)["executions"]), 5)
        # The past is shown to the end, and then the watch is over.
        events = [json.loads(line) for line in
                  self.dfctl("-o", "json", "campaign", "watch", campaign, "--after", "0")[0].splitlines()]
        numbers = [event["eventNumber"] for event in events if event["eventNumber"]]
        self.assertEqual(numbers, list(range(1, snapshot["lastEvent"] + 1)))
        self.assertEqual(events[-1]["type"], "campaign_completed")

    def test_answers_come_in_four_formats(self):
        campaign = self.stack.create_campaign(50, mode="step_by_step")
        self.dfctl("campaign", "start", campaign)
        self.dfctl("campaign", "wait", campaign, "--for", "phase/generation=completed")
        domains = self.json("domain", "list", campaign, "--limit", "all")["domains"]
        lines = self.dfctl("domain", "list", campaign, "--limit", "all", "-o", "jsonl")[0].splitlines()
        self.assertEqual([json.loads(line) for line in lines], domains)
        text = self.dfctl("domain", "list", campaign, "--limit", "all", "-o", "csv")[0]
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        self.assertEqual([row["domain"] for row in rows], self.stack.names(50))
        self.assertEqual({row["dnsStatus"] for row in rows}, {"pending"})
        phases = list(csv.DictReader(io.StringIO(self.dfctl("campaign", "status", campaign, "-o", "csv")[0], newline="")))
        self.assertEqual([(row["phase"], row["progress.processedItems"]) for row in phases][:2],
                         [("generation", "50"), ("dns", "0")])
        self.assertEqual(self.dfctl("campaign", "get", campaign, "-o", "jsonl")[0].count("\n"), 1)
        self.assertIn("50", self.dfctl("campaign", "get", campaign, "-o", "csv")[0])

    def test_wait_ends_when_it_is_there_with_124_when_it_is_late_and_with_1_when_it_can_not_be(self):
        campaign = self.stack.create_campaign(50, mode="step_by_step")
        self.assertEqual(self.dfctl("campaign", "wait", campaign, "--for", "draft"), ("", ""))
        self.assertIn("(WAIT_TIMEOUT)", self.dfctl("campaign", "wait", campaign, "--timeout", "500ms", code=124)[1])
        waiting = self.spawn("campaign", "wait", campaign, "--for", "phase/dns=completed", "--timeout", "10m")
        self.dfctl("campaign", "mode", campaign, "full_sequence")
        self.dfctl("campaign", "start", campaign)
        self.assertEqual(self.ends_with(waiting, 0), ("", ""))
        self.dfctl("campaign", "wait", campaign)
        self.assertIn("(CAMPAIGN_OVER)", self.dfctl("campaign", "wait", campaign, "--for", "status=paused", code=1)[1])
        self.assertIn("did you mean completed?", self.dfctl("campaign", "wait", campaign, "--for", "status=complted", code=2)[1])
        self.dfctl("campaign", "wait", NOBODY, code=3)
        self.dfctl("--server", f"unix:{self.folder}/none", "campaign", "wait", campaign, "--timeout", "1m", code=5)

    def test_events_are_shown_from_any_number_on_and_picked_by_type(self):
        campaign = self.stack.create_campaign(50)
        tail = self.spawn("events", campaign, "--types", "campaign_completed", "-n", "1", "-o", "jsonl")
        self.dfctl("campaign", "start", campaign)
        self.dfctl("campaign", "wait", campaign)
        last = self.json("campaign", "status", campaign)["snapshot"]["lastEvent"]
        self.assertEqual(json.loads(self.ends_with(tail, 0)[0])["type"], "campaign_completed")
        stored = [json.loads(line) for line in
                  self.dfctl("events", campaign, "--after", "0", "--limit", last, "-o", "jsonl")[0].splitlines()]
        self.assertEqual([event["eventNumber"] for event in stored], list(range(1, last + 1)))
        lines = self.dfctl("events", campaign, "--after", "0", "--types", "phase_completed", "-n", "5")[0].splitlines()
        self.assertEqual([line.split()[2] for line in lines], ["generation", "dns", "http", "analysis", "leads"])
        self.dfctl("events", NOBODY, code=3)
        self.assertIn("needs a campaign", self.dfctl("events", "--after", "0", code=2)[1])
        interrupted = self.spawn("events", campaign)
        self.assertIn("snapshot", interrupted.stdout.readline())
        interrupted.send_signal(signal.SIGINT)
        self.ends_with(interrupted, 130)

    def test_events_of_all_campaigns_name_theirs_and_outlive_the_server(self):
        tail = self.spawn("events", "--types", "campaign_completed,resync", "-n", "3")
        self.stack.wait_until(lambda: self.streams() == 1, CAMPAIGN_SECONDS, "the stream to be open")
        first = self.stack.create_campaign(20)
        self.dfctl("campaign", "start", first)
        self.assertEqual(tail.stdout.readline().split()[1:3], [first, "campaign_completed"])
        self.stack.stop()
        self.stack.restart()
        self.assertEqual(tail.stdout.readline().split()[1:], ["-", "resync", "(reconnected)"])
        second = self.stack.create_campaign(20)
        self.dfctl("campaign", "start", second)
        self.assertEqual(self.ends_with(tail, 0)[0].split()[1:3], [second, "campaign_completed"])

    def streams(self):
        return int(self.stack.grpcurl("EventService/GetStreamStats")["totalConnections"])

    def test_a_pattern_is_previewed_from_a_file_or_from_options(self):
        pattern = ["--pattern", "prefix", "--length", "2", "--charset", "ab", "--constant", "view", "--tld", ".test"]
        preview = self.json("pattern", "preview", *pattern, "--sample", "3")["data"]
        self.assertEqual((preview["totalCombinations"], preview["nextOffset"]), (4, 0))
        self.assertEqual(preview["sampleDomains"], ["aaview.test", "abview.test", "baview.test"])
        wanted = {"type": "prefix", "prefixVariableLength": 2, "charset": "ab", "constant": "view", "tlds": [".test"]}
        for document in (wanted, {"patternConfig": wanted}, {"name": "x", "configuration": {"patternConfig": wanted}}):
            again = self.json("pattern", "preview", "-f", "-", "--sample", "3", data=json.dumps(document))["data"]
            self.assertEqual(again, preview)
        longer = self.json("pattern", "preview", "-f", "-", "--length", "3", data=json.dumps(wanted))["data"]
        self.assertEqual(longer["totalCombinations"], 8)
        self.assertIn("which pattern?", self.dfctl("pattern", "preview", code=2)[1])
        self.assertIn("did you mean prefix?", self.dfctl("pattern", "preview", "--pattern", "prefex", code=2)[1])
        self.assertIn("\n  characterSet: ", self.dfctl("pattern", "preview", *pattern[:4], "--charset", "A!", code=2)[1])

    def test_a_campaign_that_is_over_is_archived_and_knows_its_lineage(self):
        first = self.stack.create_campaign(20, reuseOffsets=False, constant="line")
        self.dfctl("campaign", "start", first)
        self.dfctl("campaign", "wait", first)
        second = self.stack.create_campaign(20, reuseOffsets=False, constant="line", mode="step_by_step")
        self.dfctl("campaign", "start", second)
        self.dfctl("campaign", "wait", second, "--for", "generation")
        lineage = self.json("campaign", "lineage", second)["data"]
        self.assertEqual((lineage["thisCampaign"], [one["id"] for one in lineage["priorCampaigns"]]),
                         ({"offsetStart": 20, "offsetEnd": 39}, [first]))
        self.assertIn(first, self.dfctl("campaign", "lineage", second)[0])
        self.assertEqual(self.json("campaign", "archive", first)["state"]["currentState"], "archived")
        self.dfctl("campaign", "start", first, "dns", code=4)

    def test_lists_of_domains_are_filtered_and_counted(self):
        campaign = self.stack.create_campaign(200)
        self.dfctl("campaign", "start", campaign)
        self.dfctl("campaign", "wait", campaign)

        def listed(*options):
            return self.json("domain", "list", campaign, "--limit", "all", *options)["domains"]
        everything = listed()
        self.assertEqual(len(everything), 200)
        checks = ((["--dns-reason", "nxdomain"], lambda d: d["dnsReason"] == "NXDOMAIN"),
                  (["--min-score", "50"], lambda d: (d["domainScore"] or 0) >= 0.5),
                  (["--not-parked", "--dns-status", "ok"], lambda d: d["dnsStatus"] == "ok" and not d["isParked"]),
                  (["--search", "b"], lambda d: "b" in d["domain"]),
                  (["--bucket", "high-potential"], lambda d: d["bucket"] == "high_potential"),
                  (["--warnings", "has"], lambda d: bool(d["warnings"])))
        for options, holds in checks:
            self.assertEqual({d["domain"] for d in listed(*options)}, {d["domain"] for d in everything if holds(d)}, options)
        best = listed("--sort", "domain_score")[0]
        breakdown = self.json("domain", "breakdown", campaign, best["domain"])
        self.assertEqual((breakdown["state"], breakdown["overallScore"]), ("complete", round(best["domainScore"] * 100, 1)))
        keywords = self.json("domain", "keywords", campaign, best["domain"])["items"]
        self.assertEqual([keyword["surfaceForm"] for keyword in keywords][:3], best["features"]["keywords"]["top3"])
        self.assertIn("KEYWORD", self.dfctl("domain", "keywords", campaign, best["domain"])[0])
        scores = [d["domainScore"] for d in listed("--sort", "domain_score", "--dir", "asc") if d["domainScore"] is not None]
        self.assertEqual(scores, sorted(scores))
        page = self.json("domain", "list", campaign, "--limit", "7")
        self.assertEqual((len(page["domains"]), page["total"], page["hasMore"]), (7, 200, True))
        self.assertIn("7 of 200", self.dfctl("domain", "list", campaign, "-n", "7")[1])
        self.dfctl("domain", "list", campaign, "--min-score", "high", code=2)

    def test_an_export_is_complete_or_not_there(self):
        campaign = self.stack.create_campaign(2500)
        self.dfctl("campaign", "start", campaign)
        self.dfctl("campaign", "wait", campaign)
        listed = self.json("domain", "list", campaign, "--limit", "all")["domains"]
        file = self.folder / "all.csv"
        out, err = self.dfctl("domain", "export", campaign, "-o", file)
        self.assertEqual(out, "")
        self.assertIn(f"2500 domains are in {file}", err)
        with open(file, newline="") as rows:
            rows = list(csv.DictReader(rows))
        self.assertEqual(list(rows[0]), ["domain", "dnsStatus", "httpStatus", "leadStatus", "rejectionReason", "domainScore",
                                         "richness", "keywordsUnique", "top3", "title"])
        self.assertEqual([row["domain"] for row in rows], [domain["domain"] for domain in listed])
        for row, domain in zip(rows, listed):
            self.assertEqual((row["dnsStatus"], row["leadStatus"]), (domain["dnsStatus"], domain["leadStatus"]))
            self.assertEqual(float(row["domainScore"] or -1), -1 if domain["domainScore"] is None else domain["domainScore"])
        self.assertTrue(any(row["top3"] and row["title"] for row in rows))
        best = self.dfctl("domain", "export", campaign, "--lead-status", "match", "--sort", "lead_score", "-o", "jsonl")[0]
        best = [json.loads(line) for line in best.splitlines()]
        wanted = self.json("domain", "list", campaign, "--lead-status", "match", "--sort", "lead_score", "--limit", "all")
        self.assertEqual([domain["domain"] for domain in best], [domain["domain"] for domain in wanted["domains"]])
        self.dfctl("domain", "export", campaign, "--search", "zzzz", "--to", self.folder / "none.json")
        self.assertEqual(json.loads((self.folder / "none.json").read_text()), {"domains": []})
        self.dfctl("domain", "export", campaign, "--search", "zzzz", "--to", self.folder / "none.csv")
        self.assertEqual((self.folder / "none.csv").read_text().count("\n"), 1)
        file.write_text("old")
        self.dfctl("domain", "export", NOBODY, "-o", file, code=3)
        self.assertEqual(file.read_text(), "old")
        self.dfctl("domain", "export", campaign, "-o", "/nonexistent/x.csv", code=2)
        self.dfctl("domain", "export", campaign, "-o", "table", code=2)
        self.assertEqual([entry.name for entry in self.folder.iterdir() if entry.name.startswith(".")], [])

    def test_an_export_to_a_pipe_and_to_a_full_device(self):
        campaign = self.stack.create_campaign(10)
        self.dfctl("campaign", "start", campaign)
        self.dfctl("campaign", "wait", campaign)
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        export = self.spawn("domain", "export", campaign, "-o", fifo)
        with open(fifo) as rows:
            self.assertEqual(len(rows.readlines()), 11)
        self.ends_with(export, 0)
        self.assertTrue(fifo.exists())
        with open("/dev/full", "w") as full:
            done = subprocess.run([BIN / "dfctl", "domain", "export", campaign], stdout=full, stderr=subprocess.PIPE,
                                  text=True, env=self.environment(), timeout=CAMPAIGN_SECONDS)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left on device", done.stderr)

    def test_a_campaign_is_named_by_its_name_when_only_one_has_it(self):
        campaign = self.stack.create_campaign(10)
        name = self.json("campaign", "get", campaign)["campaign"]["name"]
        self.assertEqual(self.json("campaign", "get", name)["campaign"]["id"], campaign)
        self.dfctl("campaign", "duplicate", name, "--name", name)
        self.assertIn("(AMBIGUOUS)", self.dfctl("campaign", "get", name, code=2)[1])
        self.assertEqual(self.dfctl("--version")[0].split()[0], "dfctl")

    def test_a_retry_says_that_it_is_another_run(self):
        campaign = self.stack.create_campaign(50, mode="step_by_step")
        for number in (1, 2):
            self.dfctl("campaign", "start", campaign, "generation" if number == 1 else "dns")
            self.dfctl("campaign", "wait", campaign, "--for", "generation" if number == 1 else "dns")
        self.dfctl("campaign", "start", campaign, "dns")
        self.assertIn(" run=2 ", self.dfctl("events", campaign, "--types", "phase_completed", "--after", "0", "-n", "3")[0])
        self.dfctl("campaign", "wait", campaign, "--for", "dns")
        out, err = self.dfctl("campaign", "status", campaign)
        self.assertRegex(out, r"\ndns +completed +2 ")
        self.assertIn("campaign funnel", err)
        self.assertRegex(self.dfctl("campaign", "status", campaign, "dns")[0], r"\nrun +2\n")

    def test_settings_come_from_the_line_the_environment_and_a_file(self):
        nowhere, here = f"unix:{self.folder}/none", self.stack.instances[0].grpc
        config = self.folder / "config"
        config.write_text(f"server = {here}\noutput = json\n")
        json.loads(self.dfctl("campaign", "list", "--config", config, DOMAINFLOW_SERVER="")[0])
        json.loads(self.dfctl("campaign", "list", DOMAINFLOW_SERVER="", DOMAINFLOW_CONFIG=str(config))[0])
        self.dfctl("campaign", "list", "--config", config, "--timeout", "1s", code=5, DOMAINFLOW_SERVER=nowhere)
        self.dfctl("campaign", "list", "--server", here, DOMAINFLOW_SERVER=nowhere)
        config.write_text("sever = x\n")
        err = self.dfctl("campaign", "list", "--config", config, code=2)[1]
        self.assertIn(f"{config}:1: there is no setting sever; did you mean server?", err)
        self.assertIn("DOMAINFLOW_OUTPUT can't be jsno", self.dfctl("campaign", "list", code=2, DOMAINFLOW_OUTPUT="jsno")[1])
        self.dfctl("help", DOMAINFLOW_OUTPUT="jsno")

    def test_a_terminal_is_asked_before_something_is_deleted(self):
        def answer(word):
            """What stands on the terminal and the exit code, after `word` was typed."""
            ours, theirs = pty.openpty()
            process = subprocess.Popen([BIN / "dfctl", "keyword-set", "delete", "Asked"], stdin=theirs, stdout=theirs,
                                       stderr=theirs, env=self.environment())
            self.addCleanup(process.kill)
            os.close(theirs)
            shown = b""
            while b"[y/N] " not in shown:
                shown += os.read(ours, 4096)
            os.write(ours, word)
            code = process.wait(CAMPAIGN_SECONDS)
            os.close(ours)
            return shown.decode(), code
        self.dfctl("keyword-set", "create", "-f", "-", data=json.dumps({"name": "Asked", "rules": ["one"]}))
        self.assertEqual(answer(b"n\n"), ("Delete the keyword set Asked? [y/N] ", 1))
        self.dfctl("keyword-set", "get", "Asked")
        self.assertEqual(answer(b"y\n")[1], 0)
        self.assertIn("(KEYWORD_SET_UNKNOWN)", self.dfctl("keyword-set", "get", "Asked", code=3)[1])

    def test_a_watch_outlives_the_server_and_ends_with_the_campaign(self):
        campaign = self.stack.create_campaign(200, mode="step_by_step")
        watch = self.spawn("campaign", "watch", campaign)
        self.assertIn("snapshot", watch.stdout.readline())
        self.stack.stop()
        self.stack.restart()
        self.dfctl("campaign", "mode", campaign, "full_sequence")
        self.dfctl("campaign", "start", campaign)
        out, err = self.ends_with(watch, 0)
        self.assertIn("connection lost", err)
        self.assertIn("campaign_completed", out)

    def test_the_first_try_of_a_watch_after_a_lost_connection_finds_the_server(self):
        campaign = self.stack.create_campaign(10, mode="step_by_step")
        relay = Relay(self.stack.instances[0].grpc)
        self.addCleanup(relay.close)
        watch = self.spawn("--server", relay.address, "campaign", "watch", campaign)
        self.assertIn("snapshot", watch.stdout.readline())
        relay.cut()
        for _ in range(2):
            self.assertIn("connection lost", watch.stderr.readline())
        relay.mend()
        self.dfctl("campaign", "mode", campaign, "full_sequence")
        self.dfctl("campaign", "start", campaign)
        _, err = self.ends_with(watch, 0)
        self.assertEqual(err, "")

    def test_a_terminal_gets_bars_that_are_redrawn_in_place(self):
        campaign = self.stack.create_campaign(200)
        self.dfctl("campaign", "start", campaign)
        ours, theirs = pty.openpty()
        watch = subprocess.Popen([BIN / "dfctl", "campaign", "watch", campaign], stdout=theirs, stderr=theirs,
                                 env={**self.environment(), "TERM": "xterm", "NO_COLOR": "1"})
        self.addCleanup(watch.kill)
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # how Linux says that nobody holds the other end any more
            pass
        os.close(ours)
        self.assertEqual(watch.wait(CAMPAIGN_SECONDS), 0)
        last = shown.decode().split("\033[6A\033[J")[-1]
        self.assertGreater(shown.count(b"\033[6A\033[J"), 1)
        self.assertEqual([line.split()[0] for line in last.splitlines()[1:]],
                         ["generation", "dns", "http", "analysis", "leads"])
        self.assertIn("100% 200/200  completed", last)
        self.assertNotRegex(shown, rb"\x1b\[[0-9]*m")

    def test_a_watch_ends_with_one_when_the_campaign_is_cancelled_and_130_when_interrupted(self):
        campaign = self.stack.create_campaign(200, mode="step_by_step")
        interrupted, watch = (self.spawn("campaign", "watch", campaign) for _ in range(2))
        for process in (interrupted, watch):
            process.stdout.readline()
        interrupted.send_signal(signal.SIGINT)
        self.assertEqual(self.ends_with(interrupted, 130)[1], "")
        self.stack.sql(f"UPDATE campaign_phases SET status = 'paused', run_number = 1 WHERE campaign_id = '{campaign}' "
                       "AND phase = 'generation'")
        self.dfctl("campaign", "stop", campaign)
        self.assertIn("(CAMPAIGN_CANCELLED)", self.ends_with(watch, 1)[1])
        self.assertIn("(CAMPAIGN_CANCELLED)", self.dfctl("campaign", "watch", campaign, code=1)[1])

    def test_personas_and_keyword_sets_are_changed_and_removed(self):
        rules = json.dumps({"name": "Changing", "rules": ["one", {"pattern": "two", "weight": 3}]})
        created = self.json("keyword-set", "create", "-f", "-", data=rules)["keywordSet"]
        first = self.json("keyword-set", "get", "Changing")["keywordSet"]
        self.assertEqual(first["id"], created["id"])
        changed = self.json("keyword-set", "update", first["id"], "--disable", "--description", "x")["keywordSet"]
        self.assertEqual((changed["isEnabled"], changed["description"], changed["rules"]), (False, "x", first["rules"]))
        self.dfctl("keyword-set", "delete", first["id"])
        self.dfctl("keyword-set", "get", first["id"], code=3)
        persona = self.stack.create_persona("dns")
        self.assertFalse(self.json("persona", "update", persona, "--disable")["persona"]["isEnabled"])
        self.assertNotIn(persona, self.dfctl("persona", "list", "--enabled", "-o", "json")[0])
        self.dfctl("persona", "delete", persona)
        self.dfctl("persona", "get", persona, code=3)

    def test_a_persona_is_tried_out(self):
        persona = self.stack.create_persona("dns")
        self.assertTrue(self.json("persona", "test", persona, "elsewhere.site.test")["testPassed"])
        out, err = self.dfctl("persona", "test", persona, "nowhere.site.test", code=1)
        self.assertIn("NXDOMAIN", out)
        self.assertIn("(TEST_FAILED)", err)

    def test_the_version_of_both_sides(self):
        both = self.json("version")
        self.assertEqual(both["client"], both["server"]["version"])


if __name__ == "__main__":
    unittest.main()
