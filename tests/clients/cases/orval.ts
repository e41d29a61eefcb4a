// ABOUT: TypeScript: orval, its client for fetch
// REQUIRES: node
// RUN: orval --input openapi.json --output client.ts --client fetch
// RUN: tsc --strict --target es2022 --module nodenext orval.ts
// RUN: node orval.js

import assert from "node:assert/strict";
import * as api from "./client";
import type { BatchResult, Task } from "./client";

const baseUrl = process.env.API!;
const email = "orval@example.com";
const password = "correct horse battery staple";
let token: string | undefined;

// orval's requests go to relative addresses, for a page of the same origin.
const { fetch } = globalThis;
globalThis.fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    if (token) headers.set("Authorization", `Bearer ${token}`);
    return fetch(new URL(String(input), baseUrl), { ...init, headers });
};

/** What became of an operation of a batch. */
function about(result: BatchResult): string {
    if ("task" in result) return `${result.status} ${result.task.title}`;
    if (!("problem" in result)) return `${result.status}`;
    const { status, problem } = result;
    return `${status} ${problem.code === "version_mismatch" ? problem.current.title : problem.code}`;
}

async function main() {
    const registered = await api.register({ email, password });
    assert(registered.status === 201);
    assert.equal(registered.data.email, email);

    const wrong = await api.login({ username: email, password: "not this one" });
    assert(wrong.status === 401);
    assert.equal(wrong.data.code, "invalid_credentials");
    const login = await api.login({ username: email, password });
    assert(login.status === 200);
    token = login.data.access_token;

    const created = await api.createTask({ title: "Buy milk" });
    assert(created.status === 201);
    const milk: Task = created.data;
    assert.equal(milk.status satisfies "todo" | "in_progress" | "done" | "cancelled", "todo");
    const tag = created.headers.get("ETag")!;

    const invalid = await api.createTask({ title: "" });
    assert(invalid.status === 422);
    assert(invalid.data.code === "validation_failed");
    assert.equal(invalid.data.errors[0]?.pointer, "/title");

    for (const title of ["One", "Two", "Three", "Four"]) {
        assert.equal((await api.createTask({ title, status: "in_progress" })).status, 201);
    }
    const query: api.ListTasksParams = { status: ["todo", "in_progress"], created_after: "2020-01-01" };
    const listed = await api.listTasks(query);
    assert(listed.status === 200);
    assert.equal(listed.data.length, 5);

    const titles: string[] = [];
    let cursor: string | undefined;
    do {
        const page = await api.listTasks({ ...query, limit: 2, cursor });
        assert(page.status === 200);
        titles.push(...page.data.map((each) => each.title));
        const next = page.headers.get("Link")?.match(/<(.*)>; rel="next"/)?.[1];
        cursor = next && (new URL(next, baseUrl).searchParams.get("cursor") ?? undefined);
    } while (cursor);
    assert.deepEqual(titles, ["Four", "Three", "Two", "One", "Buy milk"]);

    const patch = { status: "done", due_at: null } as const;
    const headers = { "If-Match": tag };
    const patched = await api.updateTask(milk.id, patch, {}, { headers });
    assert(patched.status === 200);
    assert.equal(patched.data.version, 2);
    const stale = await api.updateTask(milk.id, patch, {}, { headers });
    assert(stale.status === 412);
    assert(stale.data.code === "version_mismatch");
    const current: Task = stale.data.current;
    assert.equal(current.version, 2);

    const batch = await api.batchTasks({
        atomic: false,
        operations: [
            { op: "create", task: { title: "From a batch" } },
            { op: "update", id: milk.id, task: { priority: "high" } },
            { op: "update", id: milk.id, if_version: 1, task: { priority: "low" } },
            { op: "delete", id: milk.id },
            { op: "update", id: milk.id, task: { priority: "low" } },
        ],
    });
    assert(batch.status === 200);
    assert.deepEqual(batch.data.results.map(about), [
        "201 From a batch",
        "200 Buy milk",
        "412 Buy milk",
        "204",
        "404 not_found",
    ]);

    const once = { headers: { "Idempotency-Key": "orval" } };
    const first = await api.createTask({ title: "Order bread" }, once);
    assert(first.status === 201);
    const again = await api.createTask({ title: "Order bread" }, once);
    assert.deepEqual(again.data, first.data);
    assert.equal(again.headers.get("Idempotency-Replayed"), "true");

    const refreshed = await api.refresh({
        grant_type: "refresh_token",
        refresh_token: login.data.refresh_token,
    });
    assert(refreshed.status === 200);
    token = refreshed.data.access_token;
    assert.equal((await api.getTask(first.data.id)).status, 200);
    assert.equal((await api.logout()).status, 204);
    const ended = await api.getCurrentUser();
    assert(ended.status === 401);
    assert.equal(ended.data.code, "invalid_token");
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
