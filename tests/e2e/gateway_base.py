"""What the tests of the REST gateway share: a call that checks what holds for every answer, and things to call
about."""

import json
import re
import unittest

from stack import Stack

NOBODY = "00000000-0000-0000-0000-000000000000"
DNS = {"personaType": "dns", "resolvers": ["127.0.0.1:5353"]}
HTTP = {"personaType": "http", "userAgent": "gateway test"}
PATTERN = {"type": "prefix", "constant": "shop", "variableLength": 3, "tlds": [".test"]}
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


class GatewayTest(unittest.TestCase):
    """A gateway before a domainflowd without the lab; nothing here needs a domain to resolve."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(with_lab=False, with_gateway=True)
        cls.enterClassContext(cls.stack)
        cls.number = 0

    @classmethod
    def name(cls, what):
        cls.number += 1
        return f"{what} {cls.number}"

    def call(self, method, path, body=None, *, status=200, **more):
        """The answer, after its status and what holds for every answer were checked."""
        answer = self.stack.gateway.call(method, path, body, **more)
        self.assertEqual(answer.status, status, f"{method} {path}: {answer}")
        self.assertRegex(answer.headers.get("x-request-id", ""), r"^[\w.:-]{1,64}$")
        self.assertEqual(answer.headers.get("x-content-type-options"), "nosniff")
        if status >= 400:
            self.check_envelope(answer, path)
        elif status == 204:
            self.assertEqual(answer.body, "")
        return answer

    def check_envelope(self, answer, path):
        self.assertEqual(answer.headers["content-type"], "application/json; charset=utf-8")
        self.assertEqual(set(answer.body), {"success", "error", "requestId"})
        self.assertIs(answer.body["success"], False)
        self.assertEqual(answer.body["requestId"], answer.headers["x-request-id"])
        error = answer.body["error"]
        self.assertLessEqual({"code", "message", "details", "timestamp", "path"}, set(error))
        self.assertEqual(error["path"], path.split("?")[0])
        self.assertRegex(error["timestamp"], TIME)
        for detail in error["details"]:
            self.assertEqual(set(detail), {"field", "code", "message", "context"})
        self.assertNotRegex(json.dumps(answer.body), r"(?i)postgres|sql|/tmp|stack trace|\.c:\d|goroutine|127\.0\.0\.1")

    def refused(self, method, path, body=None, *, status, code, field=None, **more):
        """The error of a refusal with that code, naming that field."""
        error = self.call(method, path, body, status=status, **more).body["error"]
        self.assertEqual(error["code"], code, error)
        if field is not None:
            self.assertIn(field, [detail["field"] for detail in error["details"]], error)
        return error

    def create_campaign(self, **more):
        body = {"name": self.name("Campaign"), "configuration": {"maxDomains": 20, "patternConfig": PATTERN}, **more}
        return self.call("POST", "/api/v2/campaigns", body, status=201).body

    def create_persona(self, details=None, **more):
        details = details or DNS
        body = {"name": self.name("Persona"), "personaType": details["personaType"], "configDetails": details, **more}
        return self.call("POST", "/api/v2/personas", body, status=201).body

    def create_set(self, **more):
        body = {"name": self.name("Set"), "rules": [{"pattern": "telecom"}], **more}
        return self.call("POST", "/api/v2/keyword-sets", body, status=201).body
