"""Hold every exchange against Discord's own OpenAPI description. For tests: jsonschema-rs is no dependency of the bot."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from playground.rest.exchange import Exchange

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class Specification:
    """The description, with validators compiled when they are first needed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._schemas = _relaxed(document["components"]["schemas"])
        self._operations = {
            (method.upper(), _bare(route)): operation
            for route, item in document["paths"].items()
            for method, operation in item.items()
            if method in ("get", "put", "post", "patch", "delete")
        }
        self._parameters: dict[str, Any] = {}
        self._validators: dict[str, Any] = {}

    @classmethod
    @cache
    def load(cls, path: Path) -> Specification:
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def violations(self, exchanges: Iterable[Exchange]) -> list[str]:
        """One line for each request or answer that the description does not allow."""
        found: list[str] = []
        for one in exchanges:
            where = f"{one.method} {one.route}"
            operation = self._operations.get((one.method, _bare(one.route)))
            if operation is None:
                found.append(f"{where} is not in the specification")
                continue
            if one.status < 400:
                found += self._check(f"{where} request", _request_schema(operation, one.is_multipart), one.request)
            found += self._check(f"{where} {one.status}", self._response_schema(operation, one.status), one.response)
        return sorted(set(found))

    def _check(self, where: str, schema: Any, value: Any) -> list[str]:
        if schema is None or value is None:
            return []
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            document = {"$schema": _DRAFT, "allOf": [schema], "components": {"schemas": self._schemas}}
            self._validators[key] = jsonschema_rs.Draft202012Validator(document)
        return [
            f"{where}: {'.'.join(str(part) for part in error.instance_path) or 'body'}: {error.message[:200]}"
            for error in self._validators[key].iter_errors(value)
        ]

    def _response_schema(self, operation: dict[str, Any], status: int) -> Any:
        responses = operation["responses"]
        answer = responses.get(str(status)) or responses.get("4XX" if status >= 400 else "2XX")
        if answer is None or "$ref" in answer:
            error = "RatelimitedResponse" if status == 429 else "ErrorResponse"
            return {"$ref": f"#/components/schemas/{error}"} if status >= 400 else None
        return (answer.get("content") or {}).get("application/json", {}).get("schema")


def _request_schema(operation: dict[str, Any], is_multipart: bool) -> Any:
    content = (operation.get("requestBody") or {}).get("content") or {}
    # payload_json is described flat, as the fields of the multipart form
    kind = "multipart/form-data" if is_multipart and "multipart/form-data" in content else "application/json"
    return content.get(kind, {}).get("schema")


def _bare(route: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", route)


def _relaxed(schemas: dict[str, Any]) -> dict[str, Any]:
    """The two places where Discord's own samples differ from its description: ids of attachments are sent as numbers, and
    the codes of single fields' errors come as words."""
    schemas = copy.deepcopy(schemas)
    snowflake = schemas.get("SnowflakeType")
    if snowflake is not None:
        schemas["SnowflakeType"] = {"anyOf": [snowflake, {"type": "integer"}]}
    if "InnerErrors" in schemas:
        word = {"type": "object", "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}
        schemas["InnerErrors"]["properties"]["_errors"]["items"] = {**word, "required": ["code", "message"]}
    return schemas
