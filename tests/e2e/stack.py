"""A whole installation of a test's own: PostgreSQL, Redis, the lab, and any number of domainflowd instances.

    with Stack(instances=2) as stack:
        campaign = stack.create_campaign(2000)
        stack.start_generation(campaign)
        stack.kill(0)
        stack.wait_campaign(campaign, "completed")
        self.assertEqual(stack.sql_counts(...), ...)

Programs come from TEST_BIN_DIR (default build/release/bin). Slow ones (a sanitizer's, on a busy machine) need TEST_PATIENCE:
a factor for the time the lab's sites get to answer. Everything lives in one folder below TEST_RUN_DIR (default
/tmp), runs on Unix sockets and free ports of 127.0.0.1, and is gone after the block; after a failure the folder stays
and its path is printed. Nothing here sleeps for a fixed time: every wait has a question and a deadline.
"""
import atexit
import hashlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "lab"))

from labkit import expect, pages, process, servers  # noqa: E402
from labkit.services import Postgres, Redis  # noqa: E402

BIN = Path(os.environ.get("TEST_BIN_DIR", ROOT / "build" / "release" / "bin"))
PATIENCE = int(os.environ.get("TEST_PATIENCE", "1"))
GRPCURL = ROOT / ".cache" / "bin" / "grpcurl"
CHECKOUT = hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]  # tells the leavings of several checkouts apart
READY_SECONDS = 30
STOP_SECONDS = 30
CALL_SECONDS = 60
CAMPAIGN_SECONDS = 300
# The gRPC core carries no ThreadSanitizer marks: without this every hand-over inside it is reported (tests/rpc likewise).
os.environ.setdefault("TSAN_OPTIONS", "ignore_noninstrumented_modules=1")
SANITIZER_WORDS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error:")
PHASES = ("generation", "dns", "http", "analysis", "leads")
PATTERN = {"type": "prefix", "prefixVariableLength": 4, "charset": "abcdefghijklmnopqrstuvwxyz", "constant": "shop",
           "tlds": [".site.test", ".shop.test"], "crawlDepth": 0, "reuseOffsets": True}


class CallFailed(Exception):
    """A program or call that ended badly. `code` and `reason` are gRPC's, where they could be told."""

    def __init__(self, text, code="", output=""):
        super().__init__(text)
        self.code, self.output = code, output


class Instance:
    """One domainflowd process."""

    name = "domainflowd"

    def __init__(self, folder, number, settings):
        self.folder, self.number = folder, number
        self.folder.mkdir(parents=True)
        self.grpc = f"127.0.0.1:{process.free_port()}"
        self.ops = f"127.0.0.1:{process.free_port()}"
        self.settings = {**settings, "GRPC_ADDRESS": self.grpc, "OPS_ADDRESS": self.ops}
        self.process, self.is_asked = None, False

    @property
    def log(self):
        return self.folder / f"{self.name}.log"

    def start(self, **settings):
        """Starts it and waits until it is ready. Settings given here stay for later starts."""
        self.settings.update(settings)
        self.is_asked = False
        self.process = process.spawn(self.folder, self.name, [BIN / self.name], keep_user=True,
                                     env={**os.environ, **self.settings})
        if not process.wait_until(lambda: self.is_ready() or not self.is_running(), READY_SECONDS, 0.05) \
                or not self.is_running():
            raise CallFailed(f"{self.name} {self.number} did not become ready", output=self.tail())

    def has_crashed(self):
        """It ended although nobody asked it to."""
        return self.process is not None and not self.is_asked and self.process.poll() is not None

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def is_ready(self):
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def get(self, path):
        """Status and text of a page of the ops port."""
        try:
            with urllib.request.urlopen(f"http://{self.ops}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self):
        """Samples of /metrics by their full name, labels included."""
        lines = [line for line in self.get("/metrics")[1].splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def signal(self, number):
        self.is_asked = self.is_asked or number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
        self.process.send_signal(number)

    def stop(self):
        """Asks it to end; its exit code. Killed when it does not."""
        if not self.is_running():
            return self.process.returncode if self.process else 0
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise CallFailed(f"{self.name} {self.number} ignored SIGTERM for {STOP_SECONDS} s", output=self.tail())

    def kill(self):
        if self.is_running():
            self.signal(signal.SIGKILL)
            self.process.wait()

    def sanitizer_report(self):
        """What a sanitizer build wrote into the log from its first complaint on; "" when it had none."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        found = [at for at in map(text.find, SANITIZER_WORDS) if at >= 0]
        return text[min(found):][:8000] if found else ""

    def tail(self, lines=40):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


class Gateway(Instance):
    """One domainflow-gateway process before a domainflowd."""

    name = "domainflow-gateway"

    def __init__(self, folder, upstream, settings):
        super().__init__(folder, "", settings)
        self.rest = f"127.0.0.1:{process.free_port()}"
        self.settings = {"GRPC_UPSTREAM": upstream, "REST_ADDRESS": self.rest, "GATEWAY_OPS_ADDRESS": self.ops, **settings}

    def call(self, method, path, body=None, headers=(), raw=None):
        """One REST request: status, headers (names in lower case), body (JSON decoded where it is JSON). `raw` is sent
        as it is; `headers` are pairs, sent as given."""
        connection = http.client.HTTPConnection(self.rest, timeout=CALL_SECONDS)
        try:
            data = raw if raw is not None else None if body is None else json.dumps(body).encode()
            given = {name.lower() for name, _ in headers}
            connection.putrequest(method, path, skip_host="host" in given, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if data is not None and "content-type" not in given:
                connection.putheader("Content-Type", "application/json")
            if data is not None and not {"content-length", "transfer-encoding"} & given:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            answer = connection.getresponse()
            text = answer.read()
            found = {name.lower(): value for name, value in answer.getheaders()}
            is_json = found.get("content-type", "").startswith("application/json") and text
            return Answer(answer.status, found, json.loads(text) if is_json else text.decode())
        finally:
            connection.close()


class Answer:
    """What a REST request was answered."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __repr__(self):
        return f"{self.status} {self.body}"


class Stack:
    def __init__(self, instances=1, *, with_lab=True, with_redis=True, throwaway=True, resolvers=1, access_log=False,
                 roles=(), settings=None, with_gateway=False, gateway_settings=None):
        """`throwaway` turns fsync off: not for tests that kill PostgreSQL. `roles` are those of each instance in turn;
        instances past its end have all of them. `settings` are environment variables of every instance. `with_gateway`
        puts a REST gateway, `stack.gateway`, before the first instance."""
        self.count, self.roles, self.extra = instances, list(roles), dict(settings or {})
        self.with_lab, self.with_redis, self.resolvers, self.access_log = with_lab, with_redis, resolvers, access_log
        base = Path(os.environ.get("TEST_RUN_DIR", tempfile.gettempdir()))
        base.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix=f"stack-{CHECKOUT}-", dir=base))
        self.folder.chmod(0o755)  # the servers' user passes through
        self.postgres = Postgres(self.folder / "pg", throwaway=throwaway)
        self.redis = Redis(self.folder / "redis")
        self.lab = None
        self.instances, self.gateways = [], []
        self.with_gateway, self.gateway_settings = with_gateway, dict(gateway_settings or {})
        self._named = 0
        self._is_closed = False
        if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:  # a run cut short by its time limit cleans up as well
            signal.signal(signal.SIGTERM, lambda *_: sys.exit("stack: ended by SIGTERM"))
        atexit.register(self.close, keep=True)

    # life

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close(keep=True)
            raise
        return self

    def __exit__(self, kind, _value, _traceback):
        self.close(keep=kind is not None)

    def start(self):
        self.postgres.start()
        if self.with_redis:
            self.redis.start()
        if self.with_lab:
            self.lab = servers.up(self.folder / "lab", [0] * self.resolvers, access_log=self.access_log)
        self.migrate()
        for number in range(self.count):
            self.add_instance(number)
        if self.with_gateway:
            self.add_gateway(**self.gateway_settings)

    def migrate(self, *arguments):
        return self.run(BIN / "domainflowd", "migrate", *(arguments or ("up",)), env=self.settings())

    def settings(self):
        return {"DATABASE_URL": self.postgres.url(), "REDIS_URL": self.redis.url() if self.with_redis else "",
                "DB_ALLOW_UNSAFE": "true" if self.postgres.throwaway else "false",
                **(self.lab["settings"] if self.lab else {}), **self.extra}

    def add_instance(self, number=None):
        """Starts one more domainflowd and returns it."""
        number = len(self.instances) if number is None else number
        settings = self.settings()
        if number < len(self.roles):
            settings["ROLES"] = self.roles[number]
        instance = Instance(self.folder / f"instance-{number}", number, settings)
        self.instances.append(instance)
        instance.start()
        return instance

    def add_gateway(self, instance=0, **settings):
        """Starts one more gateway and returns it."""
        gateway = Gateway(self.folder / f"gateway-{len(self.gateways)}", self.instances[instance].grpc, settings)
        self.gateways.append(gateway)
        gateway.start()
        return gateway

    @property
    def gateway(self):
        return self.gateways[0]

    def close(self, keep=False):
        """Ends everything. A second call does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        atexit.unregister(self.close)
        crashed = [one for one in self.instances + self.gateways if one.has_crashed()]
        try:
            if not keep and not crashed:
                self._stop_all()  # as an operator would: a leak or a bad exit code shows
        except CallFailed:
            keep = True
            raise
        finally:
            self._clean_up(keep or bool(crashed))
        self._complain(crashed)

    def _stop_all(self):
        for gateway in self.gateways:
            if code := gateway.stop():
                raise CallFailed(f"{gateway.name}, asked to end, ended with {code}", output=gateway.tail())
        running = [instance for instance in self.instances if instance.is_running()]
        for instance in running:
            instance.signal(signal.SIGTERM)
        process.wait_until(lambda: not any(instance.is_running() for instance in running), STOP_SECONDS)
        for instance in self.instances:
            if report := instance.sanitizer_report():
                raise CallFailed(f"domainflowd {instance.number}: a sanitizer complained\n{report}")
        for instance in running:
            if instance.process.poll() != 0:
                raise CallFailed(f"domainflowd {instance.number}, asked to end, ended with {instance.process.poll()}",
                                 output=instance.tail())

    def _clean_up(self, keep):
        for one in self.gateways + self.instances:
            one.kill()
        if self.lab:
            servers.down(self.folder / "lab")
        self.redis.stop()
        self.postgres.stop()
        if keep:
            print(f"stack: logs and data are kept in {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _complain(crashed):
        if crashed:
            raise CallFailed(f"{crashed[0].name} {[i.number for i in crashed]} ended with {[i.process.returncode for i in crashed]}",
                             output="\n".join(i.tail() for i in crashed))

    def stop(self, number=0):
        return self.instances[number].stop()

    def kill(self, number=0):
        self.instances[number].kill()

    def restart(self, number=0, **settings):
        self.instances[number].start(**settings)

    def kill_postgres(self):
        """As a crash would: no shutdown, recovery at the next start. Needs throwaway=False."""
        assert not self.postgres.throwaway, "PostgreSQL without fsync may lose what it confirmed"
        self.postgres.kill()

    # calls

    def run(self, *command, env=None, data=None, check=True, seconds=CALL_SECONDS):
        """Output of a program; CallFailed unless it ends with 0."""
        done = subprocess.run(list(map(str, command)), input=data, capture_output=True, text=True, timeout=seconds,
                              env={**os.environ, **(env or {})})
        if check and done.returncode:
            raise CallFailed(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()} {done.stdout[-500:]}",
                             output=done.stdout)
        return done.stdout

    def dfctl(self, *arguments, instance=0, data=None, seconds=CALL_SECONDS):
        """What dfctl answers, as JSON; a list when it printed several documents."""
        text = self.run(BIN / "dfctl", "--server", self.instances[instance].grpc, "-o", "json", *arguments,
                        data=data, seconds=seconds)
        return _documents(text)

    def grpcurl(self, method, request=None, *, instance=0, headers=(), seconds=CALL_SECONDS):
        """One call, for example grpcurl("PersonaService/GetPersona", {...}). CallFailed.code is gRPC's word."""
        service, name = method.split("/")
        service = service if "." in service else f"domainflow.v2.{service}"
        options = [part for header in headers for part in ("-H", header)]
        done = subprocess.run([GRPCURL, "-plaintext", "-emit-defaults", "-max-time", str(seconds), *options, "-d", "@",
                               self.instances[instance].grpc, f"{service}/{name}"],
                              input=json.dumps(request or {}), capture_output=True, text=True, timeout=seconds + 5)
        if done.returncode:
            raise CallFailed(f"{method}: {done.stderr.strip()}", _code(done.stderr), done.stdout)
        return _documents(done.stdout)

    def watch_start(self, campaign, after=None, instance=0, **more):
        """A running WatchCampaign; read it with Watcher.read. `more` are members of the request."""
        request = {"campaignId": campaign, **({} if after is None else {"afterEvent": after}), **more}
        return self._stream("WatchCampaign", request, instance)

    def watch_all_start(self, instance=0, **request):
        """A running WatchCampaigns; its messages are in the member `event`."""
        return self._stream("WatchCampaigns", request, instance)

    def _stream(self, name, request, instance):
        return Watcher([GRPCURL, "-plaintext", "-emit-defaults", "-max-time", str(CAMPAIGN_SECONDS), "-d",
                        json.dumps(request), self.instances[instance].grpc, f"domainflow.v2.EventService/{name}"])

    def watch(self, campaign, *, until, after=None, instance=0):
        """Messages of a stream up to and with the first for which until(message) is true."""
        return self.watch_start(campaign, after, instance).read(until)

    def sql(self, statement):
        """Rows of a statement, each a list of texts; null is an empty text."""
        text = self.postgres.psql(statement)
        return [line.split("|") for line in text.split("\n")] if text else []

    def sql_value(self, statement):
        rows = self.sql(statement)
        return rows[0][0] if rows else None

    def sql_counts(self, statement):
        """Two columns, a text and a number, as a dictionary; null is the key None."""
        return {key or None: int(count) for key, count in self.sql(statement)}

    def wait_until(self, question, seconds, what):
        self._complain([instance for instance in self.instances if instance.has_crashed()])
        if not process.wait_until(question, seconds, 0.05):
            raise CallFailed(f"still waiting after {seconds} s: {what}",
                             output="\n".join(i.tail() for i in self.instances))

    # campaigns over the lab

    def expectation(self, thresholds=None, keywords=pages.KEYWORD_FILE):
        """What must come out, by the rule."""
        return expect.Expectation(pages.load(self.folder / "lab" / "pages.json"), pages.load_rules(keywords), thresholds)

    def create_persona(self, kind, **details):
        """The lab's persona of a kind, with changed details; its id."""
        persona = servers.personas(self.lab["resolvers"])[kind]
        slow = {name: value * PATIENCE for name, value in persona["configDetails"].items() if name.endswith("TimeoutSeconds")}
        self._named += 1
        request = {"name": f"{persona['name']} {self._named}", "personaType": f"PERSONA_TYPE_{kind.upper()}",
                   "configDetails": json.dumps({**persona["configDetails"], **slow, **details})}
        return self.grpcurl("PersonaService/CreatePersona", request)["persona"]["id"]

    def create_keyword_set(self, file=pages.KEYWORD_FILE):
        self._named += 1
        wanted = json.loads(Path(file).read_text())
        rules = [{**rule, "ruleType": f"RULE_TYPE_{rule.get('ruleType', 'string').upper()}"}
                 for rule in wanted["rules"]]
        request = {"name": f"{wanted['name']} {self._named}", "rules": rules}
        return self.grpcurl("KeywordSetService/CreateKeywordSet", request)["keywordSet"]["id"]

    def create_campaign(self, count, *, mode="full_sequence", personas=None, keyword_sets=None, **pattern):
        """A campaign over the first `count` names of the lab's pattern; its id. See names() for the same names."""
        personas = personas or [self.create_persona("dns"), self.create_persona("http")]
        keyword_sets = keyword_sets or [self.create_keyword_set()]
        self._named += 1
        wanted = {**PATTERN, **pattern, "targetDomains": count, "personaIds": personas, "keywordSetIds": keyword_sets}
        request = {"name": f"Campaign {self._named}", "mode": f"CAMPAIGN_MODE_{mode.upper()}",
                   "configuration": json.dumps({"maxDomains": count, "patternConfig": wanted})}
        return self.grpcurl("CampaignService/CreateCampaign", request)["campaign"]["id"]

    @staticmethod
    def names(count, **pattern):
        return expect.take_names({**PATTERN, **pattern}, count)

    def start_phase(self, campaign, phase="generation", instance=0):
        return self.grpcurl("PhaseService/StartPhase", {"campaignId": campaign, "phase": f"PHASE_{phase.upper()}"},
                            instance=instance)

    def start_generation(self, campaign):
        return self.start_phase(campaign, "generation")

    def campaign_status(self, campaign):
        return self.sql_value(f"SELECT status FROM campaigns WHERE id = '{campaign}'")

    def phase_status(self, campaign, phase):
        return self.sql_value(f"SELECT status FROM campaign_phases WHERE campaign_id = '{campaign}' AND phase = '{phase}'")

    def wait_campaign(self, campaign, status="completed", seconds=CAMPAIGN_SECONDS):
        """Waits for a status; fails at once when the campaign failed instead."""
        def is_there():
            now = self.campaign_status(campaign)
            if now == "failed" != status:
                raise CallFailed(f"campaign failed: {self.sql(self._failure(campaign))}",
                                 output="\n".join(i.tail() for i in self.instances))
            return now == status
        self.wait_until(is_there, seconds, f"campaign {campaign} to be {status}")

    def wait_phase(self, campaign, phase, status="completed", seconds=CAMPAIGN_SECONDS):
        self.wait_until(lambda: self.phase_status(campaign, phase) == status, seconds, f"{phase} to be {status}")

    @staticmethod
    def _failure(campaign):
        return f"SELECT phase, error_code, error_message FROM campaign_phases WHERE campaign_id = '{campaign}'"


class Watcher:
    """A stream in the background; its messages as they come, all of them in `found`."""

    def __init__(self, command):
        self._complaint = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=self._complaint, text=True)
        self.found, self._text, self._decoder = [], "", json.JSONDecoder()

    def next(self):
        """The next message; CallFailed, with gRPC's word in .code, when the stream is over."""
        for line in self.process.stdout:
            self._text += line
            try:
                message, at = self._decoder.raw_decode(self._text)
            except json.JSONDecodeError:
                continue  # a message spans several lines
            self._text = self._text[at:].lstrip()
            self.found.append(message)
            return message
        self.process.wait()
        self._complaint.seek(0)
        text = self._complaint.read()
        raise CallFailed(f"the stream ended after {len(self.found)} messages: {text}", _code(text),
                         json.dumps(self.found[-3:]))

    def read(self, until):
        """Messages up to and with the first for which until(message) is true; ends the stream."""
        first = len(self.found)
        try:
            while not until(self.next()):
                pass
            return self.found[first:]
        finally:
            self.end()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self._complaint.close()


def _code(text):
    """gRPC's word in what grpcurl wrote on stderr."""
    return next((line.split(":", 1)[1].strip() for line in text.splitlines() if "Code:" in line), "")


def _documents(text):
    """All JSON documents in a text: the one, or a list of them."""
    decoder, found, at = json.JSONDecoder(), [], 0
    text = text.strip()
    while at < len(text):
        document, at = decoder.raw_decode(text, at)
        found.append(document)
        while at < len(text) and text[at].isspace():
            at += 1
    return found[0] if len(found) == 1 else found
