// ABOUT: TypeScript: @hey-api/openapi-ts with its zod plugin, which checks what is sent and what comes
// REQUIRES: node
// RUN: openapi-ts -i openapi.json -o client -p @hey-api/client-fetch @hey-api/typescript @hey-api/sdk zod
// RUN: tsc --strict --target es2022 --module nodenext hey_api.ts
// RUN: node hey_api.js

import assert from "node:assert/strict";
import * as sdk from "./client";
import type { CreateTask, Task } from "./client";
import { client } from "./client/client.gen";
import * as schemas from "./client/zod.gen";

const baseUrl = process.env.API!;
const email = "hey-api@example.com";
const password = "correct horse battery staple";

/** The body of a success. */
function must<T>(answer: { data?: T; error?: unknown; response?: Response }, status: number): T {
    assert.equal(answer.response?.status, status, JSON.stringify(answer.error));
    return answer.data!;
}

/** A task to send, after its schema has let it pass. */
function task(body: CreateTask): CreateTask {
    schemas.zCreateTask.parse(body);
    return body;
}

/** What became of an operation of a batch. */
function about(result: sdk.BatchResult): string {
    if ("task" in result) return `${result.status} ${result.task.title}`;
    if (!("problem" in result)) return `${result.status}`;
    const { status, problem } = result;
    return `${status} ${problem.code === "version_mismatch" ? problem.current.title : problem.code}`;
}

async function main() {
    client.setConfig({ baseUrl });
    const user = must(await sdk.register({ body: { email, password } }), 201);
    assert.equal(schemas.zUser.parse(user).email, email);

    const wrong = await sdk.login({ body: { username: email, password: "not this one" } });
    assert.equal(wrong.error?.code, "invalid_credentials");
    const login = must(await sdk.login({ body: { username: email, password } }), 200);
    schemas.zToken.parse(login);
    let token = login.access_token;
    client.setConfig({ auth: () => token });

    const created = await sdk.createTask({ body: task({ title: "Buy milk" }) });
    const milk: Task = must(created, 201);
    assert.deepEqual(Object.keys(schemas.zTask.parse(milk)).sort(), Object.keys(milk).sort());
    const tag = created.response!.headers.get("ETag")!;

    assert(!schemas.zCreateTask.safeParse({ title: "" }).success);
    assert(!schemas.zCreateTask.safeParse({ title: " \t " }).success, "nothing visible");
    const invalid = await sdk.createTask({ body: { title: "" } });
    assert(invalid.error?.code === "validation_failed");
    assert.equal(invalid.error.errors[0]?.pointer, "/title");

    for (const title of ["One", "Two", "Three", "Four"]) {
        must(await sdk.createTask({ body: task({ title, status: "in_progress" }) }), 201);
    }
    const query = { status: ["todo" as const, "in_progress" as const], created_after: "2020-01-01" };
    schemas.zListTasksQuery.parse(query);
    const listed = must(await sdk.listTasks({ query }), 200);
    assert.equal(schemas.zListTasksResponse.parse(listed).length, 5);

    const titles: string[] = [];
    let cursor: string | undefined;
    do {
        const page = await sdk.listTasks({ query: { ...query, limit: 2, cursor } });
        titles.push(...must(page, 200).map((each) => each.title));
        const next = page.response!.headers.get("Link")?.match(/<(.*)>; rel="next"/)?.[1];
        cursor = next && (new URL(next, baseUrl).searchParams.get("cursor") ?? undefined);
    } while (cursor);
    assert.deepEqual(titles, ["Four", "Three", "Two", "One", "Buy milk"]);

    const path = { id: milk.id };
    const headers = { "If-Match": tag };
    const patch = { path, headers, body: { status: "done" as const, due_at: null } };
    schemas.zUpdateTask.parse(patch.body);
    assert.equal(must(await sdk.updateTask(patch), 200).version, 2);
    const stale = await sdk.updateTask(patch);
    assert(stale.error?.code === "version_mismatch");
    const current: Task = stale.error.current;
    assert.equal(current.version, 2);

    const body: sdk.BatchRequest = {
        atomic: false,
        operations: [
            { op: "create", task: { title: "From a batch" } },
            { op: "update", id: milk.id, task: { priority: "high" } },
            { op: "update", id: milk.id, if_version: 1, task: { priority: "low" } },
            { op: "delete", id: milk.id },
            { op: "update", id: milk.id, task: { priority: "low" } },
        ],
    };
    schemas.zBatchRequest.parse(body);
    const { results } = must(await sdk.batchTasks({ body }), 200);
    assert.deepEqual(results.map(about), [
        "201 From a batch",
        "200 Buy milk",
        "412 Buy milk",
        "204",
        "404 not_found",
    ]);
    const parsed = schemas.zBatchResults.parse({ results }).results;
    assert.deepEqual(
        parsed.map((result) => Object.keys(result).sort()),
        results.map((result) => Object.keys(result).sort()),
        "the schema keeps every member",
    );

    const once = { headers: { "Idempotency-Key": "hey-api" }, body: task({ title: "Order bread" }) };
    const first = must(await sdk.createTask(once), 201);
    const again = await sdk.createTask(once);
    assert.deepEqual(must(again, 201), first);
    assert.equal(again.response!.headers.get("Idempotency-Replayed"), "true");

    const grant = { grant_type: "refresh_token" as const, refresh_token: login.refresh_token };
    token = must(await sdk.refresh({ body: grant }), 200).access_token;
    must(await sdk.getTask({ path: { id: first.id } }), 200);
    must(await sdk.logout(), 204);
    const ended = await sdk.getCurrentUser();
    assert.equal(ended.error?.code, "invalid_token");
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
