// ABOUT: TypeScript: openapi-typescript and openapi-fetch, default flags
// REQUIRES: node
// RUN: openapi-typescript openapi.json -o task-api.d.ts
// RUN: tsc --strict --target es2022 --module nodenext openapi_fetch.ts
// RUN: node openapi_fetch.js

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./task-api";

type Task = components["schemas"]["Task"];

const baseUrl = process.env.API!;
const api = createClient<paths>({ baseUrl });
const form = { "Content-Type": "application/x-www-form-urlencoded" };
const email = "openapi-fetch@example.com";
const password = "correct horse battery staple";

/** The body of a success. */
function must<T>(answer: { data?: T; error?: unknown; response: Response }, status: number): T {
    assert.equal(answer.response.status, status, JSON.stringify(answer.error));
    return answer.data!;
}

/** What became of an operation of a batch. */
function about(result: components["schemas"]["BatchResult"]): string {
    if ("task" in result) return `${result.status} ${result.task.title}`;
    if (!("problem" in result)) return `${result.status}`;
    const { status, problem } = result;
    return `${status} ${problem.code === "version_mismatch" ? problem.current.title : problem.code}`;
}

async function main() {
    const user = must(await api.POST("/auth/register", { body: { email, password } }), 201);
    assert.equal(user.email, email);

    const wrong = await api.POST("/auth/login", {
        headers: form,
        body: { username: email, password: "not this one" },
    });
    assert.equal(wrong.error?.code, "invalid_credentials");
    const login = must(
        await api.POST("/auth/login", { headers: form, body: { username: email, password } }),
        200,
    );
    assert.equal(login.token_type, "bearer");
    let token = login.access_token;
    api.use({
        onRequest({ request }) {
            request.headers.set("Authorization", `Bearer ${token}`);
        },
    });

    // The title alone: nothing else may be required.
    const created = await api.POST("/tasks", { body: { title: "Buy milk" } });
    const task: Task = must(created, 201);
    assert.equal(task.status satisfies "todo" | "in_progress" | "done" | "cancelled", "todo");
    assert.deepEqual(task.labels satisfies string[], []);
    const tag = created.response.headers.get("ETag")!;

    const invalid = await api.POST("/tasks", { body: { title: "" } });
    assert(invalid.error?.code === "validation_failed");
    assert.equal(invalid.error.errors[0]?.pointer, "/title");

    for (const title of ["One", "Two", "Three", "Four"]) {
        must(await api.POST("/tasks", { body: { title, status: "in_progress" } }), 201);
    }
    const query = { status: ["todo" as const, "in_progress" as const], created_after: "2020-01-01" };
    assert.equal(must(await api.GET("/tasks", { params: { query } }), 200).length, 5);

    const titles: string[] = [];
    let cursor: string | undefined;
    do {
        const page = await api.GET("/tasks", { params: { query: { ...query, limit: 2, cursor } } });
        titles.push(...must(page, 200).map((each) => each.title));
        const next = page.response.headers.get("Link")?.match(/<(.*)>; rel="next"/)?.[1];
        cursor = next && (new URL(next, baseUrl).searchParams.get("cursor") ?? undefined);
    } while (cursor);
    assert.deepEqual(titles, ["Four", "Three", "Two", "One", "Buy milk"]);

    const path = { id: task.id };
    const header = { "If-Match": tag };
    const patch = { params: { path, header }, body: { status: "done" as const, due_at: null } };
    assert.equal(must(await api.PATCH("/tasks/{id}", patch), 200).version, 2);
    const stale = await api.PATCH("/tasks/{id}", patch);
    assert(stale.error?.code === "version_mismatch");
    const current: Task = stale.error.current;
    assert.equal(current.version, 2);

    const { results } = must(
        await api.POST("/tasks/batch", {
            body: {
                atomic: false,
                operations: [
                    { op: "create", task: { title: "From a batch" } },
                    { op: "update", id: task.id, task: { priority: "high" } },
                    { op: "update", id: task.id, if_version: 1, task: { priority: "low" } },
                    { op: "delete", id: task.id },
                    { op: "update", id: task.id, task: { priority: "low" } },
                ],
            },
        }),
        200,
    );
    assert.deepEqual(results.map(about), [
        "201 From a batch",
        "200 Buy milk",
        "412 Buy milk",
        "204",
        "404 not_found",
    ]);

    const once = {
        params: { header: { "Idempotency-Key": "openapi-fetch" } },
        body: { title: "Order bread" },
    };
    const first = must(await api.POST("/tasks", once), 201);
    const again = await api.POST("/tasks", once);
    assert.deepEqual(must(again, 201), first);
    assert.equal(again.response.headers.get("Idempotency-Replayed"), "true");

    const refreshed = must(
        await api.POST("/auth/refresh", {
            headers: form,
            body: { grant_type: "refresh_token", refresh_token: login.refresh_token },
        }),
        200,
    );
    token = refreshed.access_token;
    must(await api.GET("/tasks/{id}", { params: { path: { id: first.id } } }), 200);
    must(await api.POST("/auth/logout"), 204);
    const ended = await api.GET("/auth/me");
    assert.equal(ended.error?.code, "invalid_token");
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
