// ABOUT: Postman: the requests of openapi-to-postmanv2's collection, sent as they stand
// REQUIRES: node
// RUN: openapi2postmanv2 -s openapi.json -o collection.json -O parametersResolution=Example
// RUN: node postman.mjs

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const api = process.env.API;
const password = "correct horse battery staple";

/** All requests of a folder and the folders in it. */
function requests({ item, request }) {
    return item ? item.flatMap(requests) : [request];
}

function enabled(list) {
    return (list ?? []).filter(({ disabled }) => !disabled).map(({ key, value }) => [key, value]);
}

function body(request) {
    const { mode, raw, urlencoded } = request.body ?? {};
    return mode === "urlencoded" ? new URLSearchParams(enabled(urlencoded)) : raw;
}

async function post(path, body) {
    return (await fetch(api + path, { method: "POST", ...body })).json();
}

/** The access token of a new user, whose password is the one of the examples. */
async function token(email) {
    const json = { headers: { "Content-Type": "application/json" } };
    await post("/auth/register", { ...json, body: JSON.stringify({ email, password }) });
    const form = new URLSearchParams({ username: email, password });
    return (await post("/auth/login", { body: form })).access_token;
}

const collection = JSON.parse(readFileSync("collection.json", "utf8"));
const sent = requests(collection);
const document = JSON.parse(readFileSync("openapi.json", "utf8"));
assert.equal(sent.length, Object.values(document.paths).flatMap(Object.keys).length);
const failures = [];
for (const [index, request] of sent.entries()) {
    const { path, query, variable } = request.url;
    const ids = Object.fromEntries(enabled(variable));
    const url = new URL(path.map((part) => ids[part.slice(1)] ?? part).join("/"), api);
    url.search = new URLSearchParams(enabled(query));
    const headers = new Headers(enabled(request.header));
    const email = `postman-${index}@example.com`;
    if (request.auth) headers.set("Authorization", `Bearer ${await token(email)}`);
    const { method } = request;
    const answer = await fetch(url, { method, headers, body: body(request) });
    // A new user has no resource by an id, and the refresh token of the example is no one's.
    const none = variable?.length ? 404 : url.pathname === "/auth/refresh" ? 401 : undefined;
    if (!answer.ok && answer.status !== none) {
        failures.push(`${method} ${url}: ${answer.status} ${await answer.text()}`);
    }
}
assert.deepEqual(failures, []);
