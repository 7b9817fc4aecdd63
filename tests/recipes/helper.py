#!/usr/bin/env python3
"""What tests/recipes/run needs beyond a shell: Markdown, YAML and a small HTTP server.

block FILE COMMENT             prints the block behind the comment `<!-- COMMENT -->`
yaml-script FILE COMMENT PATH  prints the shell script at a dotted path of such a YAML block
split FILE DIRECTORY           writes every block, and every script inside YAML, to DIRECTORY
                               (a FILE .yml is one block with the COMMENT '')
serve FILE COMMAND...          runs COMMAND beside an HTTP server on loopback, which appends all
                               that it is sent to FILE and whose URL is SERVER_URL
"""

import http.server
import os
import pathlib
import re
import subprocess
import sys
import threading

BLOCK = re.compile(r"(?:<!-- (?P<comment>[^\n]*) -->\n)?```(?P<language>\w+)\n(?P<body>.*?)^```$", re.M | re.S)

# The keys whose values are scripts: of GitHub, GitLab and Kubernetes.
SCRIPT_KEYS = {"run", "script", "command"}


def blocks(file):
    """All blocks of a document."""
    text = pathlib.Path(file).read_text(encoding="utf-8")
    if file.endswith(".yml"):
        return [{"comment": None, "language": "yaml", "body": text}]
    return list(BLOCK.finditer(text))


def block(file, comment):
    """The body of the only block with this comment."""
    (body,) = [it["body"] for it in blocks(file) if it["comment"] == (comment or None)]
    return body


def documents(text):
    """The documents of a YAML text."""
    import yaml  # only where YAML is asked for

    return list(yaml.safe_load_all(text))


def as_script(value):
    """A script as the services run it: lines of GitLab, or the last word of `sh -c SCRIPT`."""
    if isinstance(value, str):
        return value
    return value[-1] if value[0] == "sh" else "\n".join(value) + "\n"


def scripts(node):
    """All scripts at any depth of a YAML document."""
    if isinstance(node, list):
        for item in node:
            yield from scripts(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in SCRIPT_KEYS and not isinstance(value, dict):
                yield as_script(value)
            else:
                yield from scripts(value)


def yaml_script(file, comment, path):
    """The script at a path such as `jobs.deploy.steps.0.run` or `jobs.deploy.steps.Use it.run`."""
    node = documents(block(file, comment))[0]
    for key in path.split("."):
        node = member(node, key)
    return as_script(node)


def member(node, key):
    """The member of this name, of a list the one with this place or `name`."""
    if isinstance(node, dict):
        return node[key]
    return node[int(key)] if key.isdigit() else next(it for it in node if it.get("name") == key)


def split(file, directory):
    """Writes all blocks as N.LANGUAGE, and the scripts inside YAML as N-M.sh."""
    directory = pathlib.Path(directory)
    for number, found in enumerate(blocks(file), 1):
        body, language = found["body"], found["language"]
        (directory / f"{number}.{language}").write_text(body, encoding="utf-8")
        if language == "yaml":
            for inner, text in enumerate(scripts(documents(body)), 1):
                (directory / f"{number}-{inner}.sh").write_text(text, encoding="utf-8")


class Recorder(http.server.BaseHTTPRequestHandler):
    """Appends what it is sent to a file."""

    def record(self):
        """Answers any method."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(self.server.record, "ab") as record:
            record.write(f"{self.requestline}\n{self.headers}".encode() + body)
        self.send_response(200)
        self.end_headers()

    do_GET = do_POST = do_PUT = record

    def log_message(self, *_):
        """Says nothing."""


def serve(record, *command):
    """Runs a command beside the server; its exit status."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Recorder)
    server.record = record
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    return subprocess.call(command, env={**os.environ, "SERVER_URL": url})


def main(task, *args):
    """Does one of the tasks above."""
    if task == "serve":
        return serve(*args)
    if task == "split":
        return split(*args)
    sys.stdout.write({"block": block, "yaml-script": yaml_script}[task](*args))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
