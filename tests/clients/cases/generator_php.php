<?php
// ABOUT: PHP: openapi-generator's php, with Debian's Guzzle
// REQUIRES: python java php
// RUN: openapi-generator-cli generate -i openapi.json -g php -o client
// RUN: find client/lib -name '*.php' -print0 | xargs -0 -n 1 php -l
// RUN: php generator_php.php

declare(strict_types=1);

use OpenAPI\Client\Api\AuthApi;
use OpenAPI\Client\Api\TasksApi;
use OpenAPI\Client\ApiException;
use OpenAPI\Client\Configuration;
use OpenAPI\Client\Model;

require 'GuzzleHttp/autoload.php';
spl_autoload_register(function (string $class): void {
    $path = str_replace(['OpenAPI\\Client\\', '\\'], [__DIR__ . '/client/lib/', '/'], $class) . '.php';
    if (is_file($path)) {
        require $path;
    }
});
set_error_handler(fn(int $level, string $text, string $file, int $line) =>
    throw new ErrorException($text, 0, $level, $file, $line));

const PASSWORD = 'correct horse battery staple';

function same(mixed $expected, mixed $found): void
{
    if ($found !== $expected) {
        throw new Exception(json_encode($found) . ' is not ' . json_encode($expected));
    }
}

/** The problem with which a call fails. */
function problem(int $status, callable $call): object
{
    try {
        $call();
    } catch (ApiException $error) {
        same($status, $error->getCode());
        return $error->getResponseObject();
    }
    throw new Exception('it succeeds');
}

$email = 'generator-php@example.com';
$configuration = (new Configuration())->setHost(getenv('API'));
// Otherwise the client sends 1 and 0 for true and false; it asks the default configuration.
$configuration->setBooleanFormatForQueryString(Configuration::BOOLEAN_FORMAT_STRING);
Configuration::setDefaultConfiguration($configuration);
$auth = new AuthApi();
$tasks = new TasksApi();

$user = $auth->register(new Model\Registration(['email' => $email, 'password' => PASSWORD]));
same($email, $user->getEmail());
same(true, $user->getCreatedAt() instanceof DateTime);
$wrong = problem(401, fn() => $auth->login(username: $email, password: 'not this one'));
same('invalid_credentials', $wrong->getCode());
$pair = $auth->login(username: $email, password: PASSWORD);
$configuration->setAccessToken($pair->getAccessToken());

$create = fn(string $title) =>
    $tasks->createTaskWithHttpInfo((new Model\CreateTask())->setTitle($title));
[$milk, $status, $headers] = $create('Buy milk');
same(201, $status);
same(Model\Status::TODO, $milk->getStatus());
same([], $milk->getLabels());
$tag = $headers['etag'][0];

// The model refuses an empty title by itself.
$invalid = problem(422, fn() => $tasks->createTask(
    (new Model\CreateTask())->setTitle('Buy milk')->setLabels(['home', 'home'])
));
same('validation_failed', $invalid->getCode());
same('/labels/1', $invalid->getErrors()[0]->getPointer());

foreach (['One', 'Two', 'Three', 'Four'] as $title) {
    $body = (new Model\CreateTask())->setTitle($title)->setStatus(Model\Status::IN_PROGRESS);
    $tasks->createTask($body);
}
$query = [
    'status' => [Model\Status::TODO, Model\Status::IN_PROGRESS],
    'created_after' => '2020-01-01',
    'overdue' => false,
    'include_total' => true,
];
same(5, count($tasks->listTasks(...$query)));

$titles = [];
$cursor = null;
do {
    [$page, , $headers] = $tasks->listTasksWithHttpInfo(...$query, limit: 2, cursor: $cursor);
    array_push($titles, ...array_map(fn($task) => $task->getTitle(), $page));
    preg_match('/<(.*)>; rel="next"/', $headers['link'][0] ?? '', $link);
    parse_str(parse_url($link[1] ?? '', PHP_URL_QUERY) ?? '', $next);
    $cursor = $next['cursor'] ?? null;
} while ($cursor !== null);
same(['Four', 'Three', 'Two', 'One', 'Buy milk'], $titles);
same('5', $headers['x-total-count'][0]);

$patch = (new Model\UpdateTask())->setStatus(Model\Status::DONE)->setDueAt(null);
$update = fn() => $tasks->updateTask($milk->getId(), $patch, if_match: $tag);
same(2, $update()->getVersion());
$stale = problem(412, $update);
same('version_mismatch', $stale->getCode());
same(2, $stale->getCurrent()->getVersion());

$change = fn(string $priority, int $version) => (new Model\UpdateOperation())
    ->setOp('update')
    ->setId($milk->getId())
    ->setIfVersion($version)
    ->setTask((new Model\UpdateTask())->setPriority($priority));
$batch = (new Model\BatchRequest())->setAtomic(false)->setOperations([
    (new Model\CreateOperation())
        ->setOp('create')
        ->setTask((new Model\CreateTask())->setTitle('From a batch')),
    $change(Model\Priority::HIGH, 2),
    $change(Model\Priority::LOW, 1),
    (new Model\DeleteOperation())->setOp('delete')->setId($milk->getId()),
    $change(Model\Priority::LOW, 3),
]);
$seen = [];
foreach ($tasks->batchTasks($batch)->getResults() as $result) {
    $made = json_decode(json_encode($result));
    $about = $made->task ?? $made->problem->current ?? null;
    $seen[] = rtrim("$made->status " . ($about?->title ?? $made->problem->code ?? ''));
}
same(['201 From a batch', '200 Buy milk', '412 Buy milk', '204', '404 not_found'], $seen);

$once = fn() => $tasks->createTaskWithHttpInfo(
    (new Model\CreateTask())->setTitle('Order bread'),
    idempotency_key: 'generator-php'
);
[$first] = $once();
[$again, , $headers] = $once();
same(json_encode($first), json_encode($again));
same('true', $headers['idempotency-replayed'][0]);

$renewed = $auth->refresh(grant_type: 'refresh_token', refresh_token: $pair->getRefreshToken());
$configuration->setAccessToken($renewed->getAccessToken());
same('Order bread', $tasks->getTask($first->getId())->getTitle());
$auth->logout();
same('invalid_token', problem(401, fn() => $auth->getCurrentUser())->getCode());
