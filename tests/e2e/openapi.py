"""What /openapi.json says, and whether an answer is so. Stricter than the document: what it does not name is wrong."""

import re
import uuid
from datetime import datetime

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


class NotAsDescribed(AssertionError):
    """An answer is not what the document says."""


class Operation:
    """One method of one path."""

    def __init__(self, document, method, path, described):
        self.document, self.method, self.path, self.described = document, method, path, described
        self.id = described["operationId"]

    def fill(self, values):
        """The path with its variables."""
        return re.sub(r"{(\w+)}", lambda match: values[match[1]], self.path)

    def check(self, answer):
        """Holds an answer's status, headers, type and body against the document."""
        try:
            self._check(answer)
        except NotAsDescribed as problem:
            raise NotAsDescribed(f"{self.id}: {problem}\nin {str(answer)[:2000]}") from None

    def _check(self, answer):
        found = self.described["responses"].get(str(answer.status))
        if found is None:
            raise NotAsDescribed(f"status {answer.status} is not described")
        found = self.document.follow(found)
        for name, header in found.get("headers", {}).items():
            self._check_header(name, self.document.follow(header), answer)
        content_type = answer.headers.get("content-type", "").split(";")[0]
        if "content" not in found:
            if answer.body:
                raise NotAsDescribed(f"{answer.status} has a body")
            return
        if content_type not in found["content"]:
            raise NotAsDescribed(f"{content_type} is not among {list(found['content'])}")
        self.document.check(found["content"][content_type]["schema"], answer.body)

    def _check_header(self, name, header, answer):
        text = answer.headers.get(name.lower())
        if text is None:
            if header.get("required"):
                raise NotAsDescribed(f"{answer.status} has no {name}")
            return
        is_number = header["schema"].get("type") == "integer"
        self.document.check(header["schema"], int(text) if is_number else text, name)


class Document:
    def __init__(self, text):
        self.text = text
        self.operations = {}
        for path, methods in text["paths"].items():
            for method, described in methods.items():
                operation = Operation(self, method.upper(), path, described)
                self.operations[operation.id] = operation

    def follow(self, part):
        """What a reference leads to; anything else is itself."""
        while "$ref" in part:
            names = part["$ref"].removeprefix("#/").split("/")
            part = self.text
            for name in names:
                part = part[name]
        return part

    def check(self, schema, value, where="$"):
        """NotAsDescribed unless the value is what the schema says, and nothing more."""
        schema = self.follow(schema)
        if value is None and schema.get("nullable"):
            return
        for part in schema.get("allOf", []):
            self.check(part, value, where)
        if "oneOf" in schema:
            self._check_choice(schema, value, where)
        if "enum" in schema and value not in schema["enum"]:
            raise NotAsDescribed(f"{where}: {value!r} is not among {schema['enum']}")
        if "type" not in schema:
            return
        wanted = TYPES[schema["type"]]
        if not isinstance(value, wanted) or isinstance(value, bool) and wanted is not bool:
            raise NotAsDescribed(f"{where}: {value!r} is no {schema['type']}")
        if isinstance(value, dict):
            self._check_object(schema, value, where)
        elif isinstance(value, list):
            self._check_list(schema, value, where)
        elif isinstance(value, str):
            check_text(schema, value, where)
        elif not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            raise NotAsDescribed(f"{where}: {value} is out of range")

    def _check_choice(self, schema, value, where):
        if "discriminator" in schema:
            kind = value.get(schema["discriminator"]["propertyName"])
            ref = schema["discriminator"]["mapping"].get(kind)
            if ref is None:
                raise NotAsDescribed(f"{where}: {kind!r} is not described")
            self.check({"$ref": ref}, value, f"{where}({kind})")
            return
        fitting = [part for part in schema["oneOf"] if self._fits(part, value)]
        if len(fitting) != 1:
            raise NotAsDescribed(f"{where}: {value!r} is {len(fitting)} of the choices")

    def _fits(self, schema, value):
        try:
            self.check(schema, value)
        except NotAsDescribed:
            return False
        return True

    def _check_object(self, schema, value, where):
        properties, more = schema.get("properties", {}), schema.get("additionalProperties", False)
        for name in schema.get("required", []):
            if name not in value:
                raise NotAsDescribed(f"{where}: {name} is missing")
        for name, inner in value.items():
            if name in properties:
                self.check(properties[name], inner, f"{where}.{name}")
            elif not more:
                raise NotAsDescribed(f"{where}.{name} is not described")
            elif more is not True:
                self.check(more, inner, f"{where}.{name}")

    def _check_list(self, schema, value, where):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            raise NotAsDescribed(f"{where}: {len(value)} items")
        for number, inner in enumerate(value):
            self.check(schema["items"], inner, f"{where}[{number}]")


def check_text(schema, value, where):
    size = len(value)
    if not schema.get("minLength", 0) <= size <= schema.get("maxLength", size):
        raise NotAsDescribed(f"{where}: {size} characters")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        raise NotAsDescribed(f"{where}: {value!r} is not {schema['pattern']}")
    try:
        if schema.get("format") == "uuid" and str(uuid.UUID(value)) != value:
            raise ValueError(value)
        if schema.get("format") == "date-time" and not value.endswith("Z"):
            raise ValueError(value)
        if schema.get("format") == "date-time":
            datetime.fromisoformat(value)
    except ValueError:
        raise NotAsDescribed(f"{where}: {value!r} is no {schema['format']}") from None


def load(gateway):
    """The document of a running gateway."""
    answer = gateway.call("GET", "/openapi.json")
    assert answer.status == 200, answer
    return Document(answer.body)
