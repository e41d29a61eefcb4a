// ABOUT: redocly's recommended rules and spectral's rules for OpenAPI: no error, no warning
// REQUIRES: node
// RUN: redocly lint --extends recommended --skip-rule no-ambiguous-paths --format json openapi.json > redocly.json || true
// RUN: node lint.mjs
// RUN: printf 'extends: ["spectral:oas"]' > spectral.yaml
// RUN: spectral lint --ruleset spectral.yaml --fail-severity warn openapi.json

// Of /trash/projects/restore the service takes the path without a variable first, as OpenAPI says: no ambiguity.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const { problems } = JSON.parse(readFileSync("redocly.json", "utf8"));
assert.deepEqual(
    problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
    [],
);
