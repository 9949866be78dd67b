# SPDX-License-Identifier: Apache-2.0
"""api/openapi.yaml as a judge: every exchange with the server is held against it, and what was visited is noted.

The document is read strictly: an operation, a status, a content type, a header or a member that it does not name is a
failure. Statuses that any address may answer (its introduction lists them) need no entry, but must be problems.
"""
import json
import re
from pathlib import Path

import jsonschema
import yaml

ROOT = Path(__file__).resolve().parents[2]
ANY_ADDRESS = {405, 413, 415, 421, 431, 500, 501, 503}
visited = {}  # operationId -> set of statuses


class Contract:
    def __init__(self):
        self.doc = yaml.safe_load((ROOT / "api" / "openapi.yaml").read_text("utf-8"))
        self.paths = []
        for pattern, item in self.doc["paths"].items():
            expression = re.compile("^" + re.sub(r"\{[a-z_]+\}", "[^/]+", pattern) + "$")
            self.paths.append((expression, pattern.count("{"), item))
        self.paths.sort(key=lambda row: row[1])
        self.checkers = {}

    def operations(self):
        for _, _, item in self.paths:
            for method, operation in item.items():
                if isinstance(operation, dict) and "operationId" in operation:
                    yield method.upper(), operation

    def find(self, method, path):
        for expression, _, item in self.paths:
            if expression.match(path):
                return item.get(method.lower())
        return None

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            target = self.doc
            for part in node["$ref"].lstrip("#/").split("/"):
                target = target[part]
            node = target
        return node

    def check_schema(self, schema, value):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.checkers:
            whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": self.doc["components"], **schema}
            self.checkers[key] = jsonschema.Draft202012Validator(
                whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
        errors = sorted(self.checkers[key].iter_errors(value), key=str)
        assert not errors, "; ".join("%s: %s" % (list(e.absolute_path), e.message[:300]) for e in errors[:5])

    def check_problem(self, reply):
        assert reply.headers["Content-Type"] == "application/problem+json", reply.headers
        problem = reply.json()
        self.check_schema({"$ref": "#/components/schemas/Problem"}, problem)
        assert problem["status"] == reply.status_code
        assert problem["request_id"] == reply.headers["X-Request-Id"]
        return problem

    def check(self, reply, is_stream=False):
        """The reply, held against the operation that it answers."""
        method, path = reply.request.method, reply.request.path_url.split("?")[0]
        operation = self.find("GET" if method == "HEAD" else method, path)
        where = "%s %s -> %d" % (method, reply.request.path_url, reply.status_code)
        for name in ("X-Request-Id", "Content-Security-Policy", "X-Content-Type-Options"):
            assert name in reply.headers, (where, name)
        if operation is None:
            if reply.status_code in (200, 304) and method in ("GET", "HEAD") and not path.startswith("/api"):
                return  # a file of the page
            assert reply.status_code in (404, 405, 400), where
            self.check_problem(reply)
            return
        visited.setdefault(operation["operationId"], set()).add(reply.status_code)
        response = self.resolve(operation["responses"].get(str(reply.status_code), {}))
        if not response:
            assert reply.status_code in ANY_ADDRESS, "%s is not in the contract: %s" % (where, reply.text[:500])
            self.check_problem(reply)
            return
        for name, header in response.get("headers", {}).items():
            if self.resolve(header).get("required"):
                assert name in reply.headers, (where, name)
        kinds = response.get("content", {})
        if not kinds:
            assert not reply.content, where
            return
        kind = reply.headers["Content-Type"].split(";")[0]
        assert kind in kinds, (where, kind)
        if is_stream or method == "HEAD":
            return
        try:
            if kind == "application/problem+json":
                self.check_problem(reply)
            elif kind == "application/json":
                self.check_schema(kinds[kind]["schema"], reply.json())
        except AssertionError as error:
            raise AssertionError("%s: %s" % (where, error)) from None
