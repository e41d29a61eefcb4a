// ABOUT: redocly's recommended rules and spectral's rules for OpenAPI: no error, no warning
// REQUIRES: node
// RUN: redocly lint --extends recommended --format json openapi.json > redocly.json || true
// RUN: node lint.mjs
// RUN: printf 'extends: ["spectral:oas"]' > spectral.yaml
// RUN: spectral lint --ruleset spectral.yaml --fail-severity warn openapi.json

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const { problems } = JSON.parse(readFileSync("redocly.json", "utf8"));
assert.deepEqual(
    problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
    [],
);
