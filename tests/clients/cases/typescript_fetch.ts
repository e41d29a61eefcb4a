// ABOUT: TypeScript: openapi-generator's typescript-fetch
// REQUIRES: node java python
// RUN: openapi-generator-cli generate -i openapi.json -g typescript-fetch -o client
// RUN: tsc --strict --target es2022 --module nodenext typescript_fetch.ts
// RUN: node typescript_fetch.js

import assert from "node:assert/strict";
import { AuthApi, Configuration, ResponseError, TasksApi } from "./client";
import type { BatchResult, Problem, Task, ValidationProblem, VersionMismatchProblem } from "./client";

const basePath = process.env.API!;
const username = "typescript-fetch@example.com";
const password = "correct horse battery staple";
let token = "";
const configuration = new Configuration({ basePath, accessToken: () => token });
const auth = new AuthApi(configuration);
const tasks = new TasksApi(configuration);

/** The problem with which a request fails. */
async function problem(
    request: Promise<unknown>,
): Promise<Problem | ValidationProblem | VersionMismatchProblem> {
    try {
        await request;
    } catch (error) {
        if (error instanceof ResponseError) return error.response.json();
        throw error;
    }
    assert.fail("it succeeds");
}

/** What became of an operation of a batch. */
function about(result: BatchResult): string {
    if ("task" in result) return `${result.status} ${result.task.title}`;
    if (!("problem" in result)) return `${result.status}`;
    const { status, problem } = result;
    return `${status} ${problem.code === "version_mismatch" ? problem.current.title : problem.code}`;
}

async function main() {
    const user = await auth.register({ registration: { email: username, password } });
    assert.equal(user.email, username);
    assert(user.createdAt instanceof Date);

    const wrong = await problem(auth.login({ username, password: "not this one" }));
    assert.equal(wrong.code, "invalid_credentials");
    const login = await auth.login({ username, password });
    token = login.accessToken;

    // The title alone: nothing else may be required.
    const created = await tasks.createTaskRaw({ createTask: { title: "Buy milk" } });
    const milk: Task = await created.value();
    assert.equal(milk.status satisfies "todo" | "in_progress" | "done" | "cancelled", "todo");
    assert.deepEqual(milk.labels satisfies string[], []);
    const ifMatch = created.raw.headers.get("ETag")!;

    const invalid = await problem(tasks.createTask({ createTask: { title: "" } }));
    assert(invalid.code === "validation_failed");
    assert.equal(invalid.errors[0]?.pointer, "/title");

    for (const title of ["One", "Two", "Three", "Four"]) {
        await tasks.createTask({ createTask: { title, status: "in_progress" } });
    }
    const query = { status: ["todo" as const, "in_progress" as const], createdAfter: "2020-01-01" };
    assert.equal((await tasks.listTasks(query)).length, 5);

    const titles: string[] = [];
    let cursor: string | undefined;
    do {
        const page = await tasks.listTasksRaw({ ...query, limit: 2, cursor });
        titles.push(...(await page.value()).map((each) => each.title));
        const next = page.raw.headers.get("Link")?.match(/<(.*)>; rel="next"/)?.[1];
        cursor = next && (new URL(next, basePath).searchParams.get("cursor") ?? undefined);
    } while (cursor);
    assert.deepEqual(titles, ["Four", "Three", "Two", "One", "Buy milk"]);

    const patch = { id: milk.id, ifMatch, updateTask: { status: "done" as const, dueAt: null } };
    const patched = await tasks.updateTask(patch);
    assert.equal(patched.version, 2);
    assert(patched.completedAt instanceof Date);
    const stale = await problem(tasks.updateTask(patch));
    assert(stale.code === "version_mismatch");
    assert.equal(stale.current.version, 2);

    const { results } = await tasks.batchTasks({
        batchRequest: {
            atomic: false,
            operations: [
                { op: "create", task: { title: "From a batch" } },
                { op: "update", id: milk.id, task: { priority: "high" } },
                { op: "update", id: milk.id, ifVersion: 1, task: { priority: "low" } },
                { op: "delete", id: milk.id },
                { op: "update", id: milk.id, task: { priority: "low" } },
            ],
        },
    });
    assert.deepEqual(results.map(about), [
        "201 From a batch",
        "200 Buy milk",
        "412 Buy milk",
        "204",
        "404 not_found",
    ]);

    const once = { createTask: { title: "Order bread" }, idempotencyKey: "typescript-fetch" };
    const first = await tasks.createTask(once);
    const again = await tasks.createTaskRaw(once);
    assert.deepEqual(await again.value(), first);
    assert.equal(again.raw.headers.get("Idempotency-Replayed"), "true");

    const refreshed = await auth.refresh({
        grantType: "refresh_token",
        refreshToken: login.refreshToken,
    });
    token = refreshed.accessToken;
    assert.equal((await tasks.getTask({ id: first.id })).title, "Order bread");
    await auth.logout();
    assert.equal((await problem(auth.getCurrentUser())).code, "invalid_token");
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
