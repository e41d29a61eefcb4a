# ABOUT: Python: openapi-python-client, and mypy over all of it
# REQUIRES: python
# RUN: openapi-python-client generate --path openapi.json --output-path client
# RUN: MYPYPATH=client mypy --strict python_client.py
# RUN: PYTHONPATH=client python3 python_client.py

import os
import re
import urllib.parse
from typing import Any, TypeVar

from task_management_api_client import AuthenticatedClient, Client
from task_management_api_client.api.auth import get_current_user, login, logout, refresh, register
from task_management_api_client.api.tasks import (
    batch_tasks,
    create_task,
    get_task,
    list_tasks,
    update_task,
)
from task_management_api_client.models import (
    BatchRequest,
    BatchResults,
    CreateOperation,
    CreateOperationOp,
    CreateTask,
    CreateTaskInBatch,
    DeleteOperation,
    DeleteOperationOp,
    PasswordGrant,
    Priority,
    Problem,
    RefreshGrant,
    RefreshGrantGrantType,
    Registration,
    Status,
    Task,
    Token,
    UpdateOperation,
    UpdateOperationOp,
    UpdateTask,
    UpdateTaskInBatch,
    User,
    ValidationProblem,
    VersionMismatchProblem,
)
from task_management_api_client.types import UNSET, Response, Unset

API = os.environ["API"]
EMAIL, PASSWORD = "python-client@example.com", "correct horse battery staple"
T = TypeVar("T")


def must(kind: type[T], status: int, answer: Response[Any]) -> T:
    """What was parsed, if it is of that kind."""
    assert answer.status_code == status, answer.content
    assert isinstance(answer.parsed, kind), answer.parsed
    return answer.parsed


def main() -> None:
    anyone = Client(base_url=API)
    registration = Registration(email=EMAIL, password=PASSWORD)
    user = must(User, 201, register.sync_detailed(client=anyone, body=registration))
    assert user.email == EMAIL and user.created_at.year >= 2020

    grant = PasswordGrant(username=EMAIL, password="not this one")
    wrong = must(Problem, 401, login.sync_detailed(client=anyone, body=grant))
    assert wrong.code == "invalid_credentials"
    grant = PasswordGrant(username=EMAIL, password=PASSWORD)
    pair = must(Token, 200, login.sync_detailed(client=anyone, body=grant))
    client = AuthenticatedClient(base_url=API, token=pair.access_token)

    def create(title: str) -> Response[Any]:
        return create_task.sync_detailed(client=client, body=CreateTask(title=title))

    created = create("Buy milk")
    milk = must(Task, 201, created)
    assert milk.status == Status.TODO and milk.labels == []

    invalid = must(ValidationProblem, 422, create(""))
    assert invalid.code == "validation_failed" and invalid.errors[0].pointer == "/title"

    for title in ("One", "Two", "Three", "Four"):
        body = CreateTask(title=title, status=Status.IN_PROGRESS)
        must(Task, 201, create_task.sync_detailed(client=client, body=body))
    statuses = [Status.TODO, Status.IN_PROGRESS]
    listed = must(
        list,
        200,
        list_tasks.sync_detailed(client=client, status=statuses, created_after="2020-01-01"),
    )
    assert len(listed) == 5

    titles = list[str]()
    cursor: str | Unset = UNSET
    while True:
        page = list_tasks.sync_detailed(client=client, status=statuses, limit=2, cursor=cursor)
        titles += [each.title for each in must(list, 200, page)]
        link = re.search('<(.*)>; rel="next"', page.headers.get("Link", ""))
        if link is None:
            break
        cursor = urllib.parse.parse_qs(urllib.parse.urlsplit(link[1]).query)["cursor"][0]
    assert titles == ["Four", "Three", "Two", "One", "Buy milk"], titles

    def patch() -> Response[Any]:
        return update_task.sync_detailed(
            milk.id,
            client=client,
            body=UpdateTask(status=Status.DONE, due_at=None),
            if_match=created.headers["ETag"],
        )

    assert must(Task, 200, patch()).version == 2
    stale = must(VersionMismatchProblem, 412, patch())
    assert stale.current.version == 2

    def update(priority: Priority, version: int) -> UpdateOperation:
        task = UpdateTaskInBatch(priority=priority)
        op = UpdateOperationOp.UPDATE
        return UpdateOperation(op=op, id=milk.id, if_version=version, task=task)

    batch = BatchRequest(
        atomic=False,
        operations=[
            CreateOperation(
                op=CreateOperationOp.CREATE, task=CreateTaskInBatch(title="From a batch")
            ),
            update(Priority.HIGH, 2),
            update(Priority.LOW, 1),
            DeleteOperation(op=DeleteOperationOp.DELETE, id=milk.id),
            update(Priority.LOW, 3),
        ],
    )
    answer = must(BatchResults, 200, batch_tasks.sync_detailed(client=client, body=batch))
    seen = list[str]()
    for result in answer.to_dict()["results"]:
        problem = result.get("problem", {})
        title = result.get("task", problem.get("current", {})).get("title", problem.get("code", ""))
        seen.append(f"{result['status']} {title}".rstrip())
    expected = ["201 From a batch", "200 Buy milk", "412 Buy milk", "204", "404 not_found"]
    assert seen == expected, seen

    def order() -> Response[Any]:
        body, key = CreateTask(title="Order bread"), "python-client"
        return create_task.sync_detailed(client=client, body=body, idempotency_key=key)

    first, again = must(Task, 201, order()), order()
    assert must(Task, 201, again) == first
    assert again.headers["Idempotency-Replayed"] == "true"

    renewal = RefreshGrant(
        grant_type=RefreshGrantGrantType.REFRESH_TOKEN, refresh_token=pair.refresh_token
    )
    renewed = must(Token, 200, refresh.sync_detailed(client=anyone, body=renewal))
    client = AuthenticatedClient(base_url=API, token=renewed.access_token)
    must(Task, 200, get_task.sync_detailed(first.id, client=client))
    assert logout.sync_detailed(client=client).status_code == 204
    ended = must(Problem, 401, get_current_user.sync_detailed(client=client))
    assert ended.code == "invalid_token"


main()
