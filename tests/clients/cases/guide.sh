# ABOUT: the commands and programs that README.md and docs/guide.md show for generated clients
# REQUIRES: node python java
# RUN: sh guide.sh

set -eu

# Blocks of a language in a page, with this service's address. Installing is done already.
blocks() {
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$ROOT/$2" | sed "/^\`\`\`/d; /^[a-z]* install /d; s|http://localhost:8000|$API|"
}

for page in README.md docs/guide.md; do
    blocks bash $page >commands
    test "$(wc -l <commands)" -eq 3
    mkdir "$(basename $page)"
    (cd "$(basename $page)" && ln -s ../node_modules . && sh -e ../commands)
done
cd guide.md
grep -q Status task-api-go/model_task.go

EMAIL=guide@example.com PASSWORD='correct horse battery staple'
json() { curl -sSf "$API$1" -H "Authorization: Bearer ${TOKEN-}" -H 'Content-Type: application/json' -d "$2"; }
json /auth/register "{\"email\": \"$EMAIL\", \"password\": \"$PASSWORD\"}"
TOKEN=$(json /auth/login "{\"username\": \"$EMAIL\", \"password\": \"$PASSWORD\"}" |
    sed 's/.*"access_token":"\([^"]*\)".*/\1/')
json /tasks '{"title": "Buy milk"}'

(echo "const token: string = '$TOKEN';" && blocks ts docs/guide.md) >guide.mts
tsc --strict --target es2022 --module esnext --moduleResolution bundler guide.mts
test "$(node guide.mjs)" = 'Buy milk'
(echo "token = '$TOKEN'" && blocks python docs/guide.md) >guide.py
test "$(PYTHONPATH=task-management-api-client python3 guide.py)" = 'Buy milk'
