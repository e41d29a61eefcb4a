# ABOUT: Python: openapi-generator's python, whose models check what is sent and what comes
# REQUIRES: python java
# RUN: openapi-generator-cli generate -i openapi.json -g python -o client
# RUN: PYTHONPATH=client python3 generator_python.py

import os
import re
import urllib.parse

import openapi_client
from openapi_client import (
    ApiException,
    BatchOperation,
    BatchRequest,
    CreateOperation,
    CreateTask,
    CreateTaskInBatch,
    DeleteOperation,
    Priority,
    Registration,
    Status,
    UpdateOperation,
    UpdateTask,
    UpdateTaskInBatch,
)

API = os.environ["API"]
EMAIL, PASSWORD = "generator-python@example.com", "correct horse battery staple"


def problem(status, call, *args, **kwargs):
    """The problem with which a call fails."""
    try:
        call(*args, **kwargs)
    except ApiException as error:
        assert error.status == status, error
        return error.data
    raise AssertionError("it succeeds")


def main():
    configuration = openapi_client.Configuration(host=API)
    connection = openapi_client.ApiClient(configuration)
    auth = openapi_client.AuthApi(connection)
    tasks = openapi_client.TasksApi(connection)

    user = auth.register(Registration(email=EMAIL, password=PASSWORD))
    assert user.email == EMAIL and user.created_at.year >= 2020
    wrong = problem(401, auth.login, username=EMAIL, password="not this one")
    assert wrong.code == "invalid_credentials"
    pair = auth.login(username=EMAIL, password=PASSWORD)
    configuration.access_token = pair.access_token

    created = tasks.create_task_with_http_info(CreateTask(title="Buy milk"))
    milk, tag = created.data, created.headers["etag"]
    assert created.status_code == 201 and milk.status == Status.TODO and milk.labels == []

    # The model refuses an empty title, so it is made without a check.
    invalid = problem(422, tasks.create_task, CreateTask.model_construct(title=""))
    invalid = getattr(invalid, "actual_instance", invalid)
    assert invalid.code == "validation_failed" and invalid.errors[0].pointer == "/title"

    for title in ("One", "Two", "Three", "Four"):
        tasks.create_task(CreateTask(title=title, status=Status.IN_PROGRESS))
    query = {"status": [Status.TODO, Status.IN_PROGRESS], "created_after": "2020-01-01"}
    assert len(tasks.list_tasks(**query)) == 5

    titles, cursor = [], None
    while True:
        page = tasks.list_tasks_with_http_info(**query, limit=2, cursor=cursor)
        titles += [each.title for each in page.data]
        link = re.search('<(.*)>; rel="next"', page.headers.get("link", ""))
        if link is None:
            break
        cursor = urllib.parse.parse_qs(urllib.parse.urlsplit(link[1]).query)["cursor"][0]
    assert titles == ["Four", "Three", "Two", "One", "Buy milk"], titles

    patch = milk.id, UpdateTask(status=Status.DONE, due_at=None)
    assert tasks.update_task(*patch, if_match=tag).version == 2
    stale = problem(412, tasks.update_task, *patch, if_match=tag)
    assert stale.code == "version_mismatch" and stale.current.version == 2

    def update(priority, version):
        task = UpdateTaskInBatch(priority=priority)
        return UpdateOperation(op="update", id=milk.id, if_version=version, task=task)

    operations = [
        CreateOperation(op="create", task=CreateTaskInBatch(title="From a batch")),
        update(Priority.HIGH, 2),
        update(Priority.LOW, 1),
        DeleteOperation(op="delete", id=milk.id),
        update(Priority.LOW, 3),
    ]
    batch = BatchRequest(atomic=False, operations=[BatchOperation(each) for each in operations])
    seen = []
    for result in tasks.batch_tasks(batch).to_dict()["results"]:
        failure = result.get("problem", {})
        title = result.get("task", failure.get("current", {})).get("title", failure.get("code", ""))
        seen.append(f"{result['status']} {title}".rstrip())
    expected = ["201 From a batch", "200 Buy milk", "412 Buy milk", "204", "404 not_found"]
    assert seen == expected, seen

    once = {"create_task": CreateTask(title="Order bread"), "idempotency_key": "generator-python"}
    first = tasks.create_task(**once)
    again = tasks.create_task_with_http_info(**once)
    assert again.data == first and again.headers["idempotency-replayed"] == "true"

    renewed = auth.refresh(grant_type="refresh_token", refresh_token=pair.refresh_token)
    configuration.access_token = renewed.access_token
    assert tasks.get_task(first.id).title == "Order bread"
    auth.logout()
    assert problem(401, auth.get_current_user).code == "invalid_token"


main()
