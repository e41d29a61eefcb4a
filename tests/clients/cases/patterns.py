# ABOUT: every pattern of the document in the engines of six languages, which must agree on samples
# REQUIRES: python node php go java
# RUN: python3 patterns.py

import json
import pathlib
import re
import subprocess

SAMPLES = [
    *("", " ", "\t", ",", "a,b", "0", "0000", "0001-01-01", "10000-01-01", "*", '"3"', 'W/"3", "4"'),
    *("Buy milk", " Buy milk ", "it's", "a/b", "`x`", "é", "e\u0301", "\u0301", "\u00ad", "\u200b"),
    *("\u2028", "a\u2028b", "\u3000", "日本", "🙂", "\0", "a\x7fb", "\x85", "\ufffe", "%", "..", "\\"),
    *("ann@example.com", "ann@", "tma_" + "0" * 60, "LWlkOjc", "2026-12-01T18:00:00+01:00"),
]

# Each prints a line for each pattern: whether it is found in each sample.
PROGRAMS = {
    "patterns.mjs": """
        import { readFileSync } from "node:fs";
        const lines = (file) => readFileSync(file, "utf8").split("\\n");
        for (const pattern of lines("patterns.txt")) {
            const made = new RegExp(pattern);
            const literal = new Function(`return /${pattern}/;`)();
            const unicode = new Function(`return /${pattern}/u;`)();
            const found = lines("samples.txt").map((text) => {
                const kinds = new Set([made, literal, unicode].map((each) => each.test(text)));
                return kinds.size === 1 ? Number(made.test(text)) : "?";
            });
            console.log(found.join(""));
        }
    """,
    "patterns.php": """<?php
        foreach (explode("\\n", file_get_contents("patterns.txt")) as $pattern) {
            foreach (explode("\\n", file_get_contents("samples.txt")) as $text) {
                echo var_export(preg_match("/$pattern/u", $text), true);
            }
            echo "\\n";
        }
    """,
    "patterns.go": """
        package main

        import ("fmt"; "os"; "regexp"; "strings")

        func lines(file string) []string {
            text, err := os.ReadFile(file)
            if err != nil { panic(err) }
            return strings.Split(string(text), "\\n")
        }

        func main() {
            for _, pattern := range lines("patterns.txt") {
                made := regexp.MustCompile(pattern)
                for _, text := range lines("samples.txt") {
                    if made.MatchString(text) { fmt.Print(1) } else { fmt.Print(0) }
                }
                fmt.Println()
            }
        }
    """,
    "Patterns.java": """
        import java.nio.file.*;
        import java.util.regex.Pattern;

        class Patterns {
            static String[] lines(String file) throws Exception {
                return Files.readString(Path.of(file)).split("\\n", -1);
            }

            public static void main(String[] arguments) throws Exception {
                for (var pattern : lines("patterns.txt")) {
                    var made = Pattern.compile(pattern);
                    for (var text : lines("samples.txt")) {
                        // As validators do: with find(), $ also holds before a line separator.
                        System.out.print(made.matcher(text).matches() ? 1 : 0);
                    }
                    System.out.println();
                }
            }
        }
    """,
}
RUNNERS = {".mjs": ["node"], ".php": ["php"], ".go": ["go", "run"], ".java": ["java"]}


def patterns(node):
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from patterns(each)


def main():
    document = json.loads(pathlib.Path("openapi.json").read_text(encoding="utf-8"))
    every = sorted(set(patterns(document)))
    assert len(every) >= 4, every
    pathlib.Path("patterns.txt").write_text("\n".join(every), encoding="utf-8")
    pathlib.Path("samples.txt").write_text("\n".join(SAMPLES), encoding="utf-8", newline="\n")
    expected = [[int(bool(re.search(each, text))) for text in SAMPLES] for each in every]
    for name, program in PROGRAMS.items():
        path = pathlib.Path(name)
        path.write_text(program.lstrip(), encoding="utf-8")
        done = subprocess.run(
            [*RUNNERS[path.suffix], name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert done.returncode == 0, f"{name}: {done.stdout}"
        for pattern, ours, theirs in zip(every, expected, done.stdout.split("\n")):
            differing = [text for text, a, b in zip(SAMPLES, ours, theirs) if str(a) != b]
            assert not differing and len(theirs) == len(SAMPLES), f"{name}: {pattern}: {differing}"


main()
