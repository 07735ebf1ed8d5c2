"""Check exchanges against Discord's OpenAPI specification. Only for tests: jsonschema-rs isn't a dependency of the bot."""

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
    """The specification, with validators compiled on first use."""

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
        """One line for each request or response that doesn't match the specification."""
        found: list[str] = []
        for exchange in exchanges:
            where = f"{exchange.method} {exchange.route}"
            operation = self._operations.get((exchange.method, _bare(exchange.route)))
            if operation is None:
                found.append(f"{where} is not in the specification")
                continue
            status = exchange.status
            if status < 400:
                schema = _request_schema(operation, exchange.is_multipart)
                found += self._check(f"{where} request", schema, exchange.request)
            found += self._check(f"{where} {status}", self._response_schema(operation, status), exchange.response)
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
        response = responses.get(str(status)) or responses.get("4XX" if status >= 400 else "2XX")
        if response is None or "$ref" in response:
            error = "RatelimitedResponse" if status == 429 else "ErrorResponse"
            return {"$ref": f"#/components/schemas/{error}"} if status >= 400 else None
        return (response.get("content") or {}).get("application/json", {}).get("schema")


def _request_schema(operation: dict[str, Any], is_multipart: bool) -> Any:
    content = (operation.get("requestBody") or {}).get("content") or {}
    # the specification describes payload_json flat, as fields of the multipart form
    kind = "multipart/form-data" if is_multipart and "multipart/form-data" in content else "application/json"
    return content.get(kind, {}).get("schema")


def _bare(route: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", route)


def _relaxed(schemas: dict[str, Any]) -> dict[str, Any]:
    """Relax the schemas where Discord's own samples differ from them: attachment ids may be numbers, and the error
    codes of individual fields are strings."""
    schemas = copy.deepcopy(schemas)
    snowflake = schemas.get("SnowflakeType")
    if snowflake is not None:
        schemas["SnowflakeType"] = {"anyOf": [snowflake, {"type": "integer"}]}
    if "InnerErrors" in schemas:
        word = {"type": "object", "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}
        schemas["InnerErrors"]["properties"]["_errors"]["items"] = {**word, "required": ["code", "message"]}
    return schemas
