"""The MCP server, spoken to by the SDK's own client: in process, over stdio and over HTTP."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from starlette.testclient import TestClient

from index import PassageIndex
from qa.assistant import Assistant
from qa.citations import unproved, verify_answer
from qa.mcp_server import create_server, http_app
from qa.mcp_tools import LONGEST_TEXT, TOOLS
from qa.settings import Settings
from tests.conftest import WordsEncoder
from tests.qa.test_from_texts import BY_WORDS
from tests.shipped import shipped_index  # noqa: F401  (a fixture)

ROOT = Path(__file__).parents[2]
TEA = "What water does black tea want?"


@pytest.fixture(scope="module")
def assistant(built_index: Path) -> Iterator[Assistant]:
    with Assistant(PassageIndex.open(built_index, encoder=WordsEncoder()), None, BY_WORDS) as opened:
        yield opened


def talk(server, conversation, **options):
    """Return what the conversation of a client with the server returns."""

    async def main():
        async with Client(server, **options) as client:
            return await conversation(client)

    return anyio.run(main)


def call(assistant, name, **arguments):
    return talk(create_server(assistant), lambda client: client.call_tool(name, arguments))


def refusal(result):
    assert result.is_error
    error = result.structured_content["error"]
    assert result.content[0].text == f"{error['code']}: {error['message']}"
    return error


def test_the_tools_are_listed_with_closed_parameters_and_the_shape_of_their_results(assistant):
    listed = talk(create_server(assistant), lambda client: client.list_tools()).tools
    assert [tool.name for tool in listed] == ["ask", "search", "read_document", "list_documents"]
    for tool in listed:
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema["type"] == "object"
        assert tool.annotations.read_only_hint is True
    assert listed[0].input_schema["required"] == ["question"]
    assert set(listed[0].input_schema["properties"]) == {"question", "k", "risk", "filters"}


def test_the_server_tells_how_to_use_it(assistant):
    async def told(client):
        return client.instructions, client.server_info.name

    instructions, name = talk(create_server(assistant), told)
    assert "word for word" in instructions
    assert name == "article-qa"


def test_ask_gives_the_answer_in_the_one_json_shape_and_as_text(assistant):
    result = call(assistant, "ask", question=TEA)
    assert not result.is_error
    answer = assistant.ask(TEA).to_dict()
    assert {**result.structured_content, "timings_ms": 0} == {**answer, "timings_ms": 0}
    quote = answer["citations"][0]["quote"]
    assert quote["text"] == "Black tea wants boiling water."
    text = result.content[0].text
    assert text.startswith(f"[1] “{quote['text']}”")
    assert f"characters {quote['start']}-{quote['end']}" in text
    assert unproved(verify_answer(result.structured_content)) == []


def test_ask_abstains_with_its_reason_and_says_that_the_nearest_are_no_answer(assistant):
    result = call(assistant, "ask", question="Who painted the Mona Lisa?")
    assert not result.is_error
    assert result.structured_content["answered"] is False
    assert result.structured_content["citations"] == []
    text = result.content[0].text
    assert text.startswith("The articles do not answer this. ")
    assert result.structured_content["reason"] in text
    assert "NOT an answer" in text


def test_ask_keeps_to_k_and_filters(assistant):
    asked = {"question": "tea and chess and water", "k": 1, "filters": ["source=*chess.txt"]}
    citations = call(assistant, "ask", **asked).structured_content
    found = citations["citations"] + citations["nearest"]
    assert len(found) == 1
    assert found[0]["document"]["source"].endswith("chess.txt")


def test_search_gives_passages_best_first_that_stand_where_they_say(assistant):
    result = call(assistant, "search", question="boiling water", k=2).structured_content
    assert [hit["rank"] for hit in result["hits"]] == [1, 2]
    for hit in result["hits"]:
        passage = hit["passage"]
        text = assistant.passages.document(hit["document"]["id"]).text
        assert text[passage["start"] : passage["end"]] == passage["text"]
    assert result["index"] == {"revision": 1, "documents": 3, "passages": assistant.passages.passage_count}


def test_read_document_gives_the_range_that_is_asked_for(assistant):
    document = next(d for d in assistant.passages.documents() if d.source.endswith("tea.txt"))
    text = assistant.passages.document(document.id).text
    whole = call(assistant, "read_document", id=document.id)
    assert whole.structured_content["text"] == whole.content[0].text == text
    assert whole.structured_content["next"] is None
    part = call(assistant, "read_document", id=document.id, start=5, end=12).structured_content
    assert (part["text"], part["start"], part["end"], part["next"]) == (text[5:12], 5, 12, 12)
    assert part["characters"] == len(text)


def test_a_long_article_is_read_in_parts_that_join_to_the_whole(tmp_path):
    from index import build_index

    text = "".join(f"Sentence {i} of the log, with a 🍵 in it.\n" for i in range(1500))
    (tmp_path / "log.txt").write_text(text, encoding="utf-8")
    build_index([tmp_path / "log.txt"], tmp_path / "index", encoder=WordsEncoder())
    with Assistant(PassageIndex.open(tmp_path / "index", encoder=WordsEncoder()), None, BY_WORDS) as reader:
        (document,) = reader.passages.documents()
        parts, start = [], 0
        while start is not None:
            part = call(reader, "read_document", id=document.id, start=start).structured_content
            parts.append(part["text"])
            start = part["next"]
        assert "".join(parts) == reader.passages.document(document.id).text
        assert max(map(len, parts)) == LONGEST_TEXT


def test_list_documents_pages_through_the_articles(assistant):
    whole = call(assistant, "list_documents").structured_content
    assert whole["total"] == 3
    sources = [document["source"] for document in whole["documents"]]
    assert sources == sorted(sources)
    part = call(assistant, "list_documents", offset=1, limit=1)
    assert [document["source"] for document in part.structured_content["documents"]] == sources[1:2]
    assert part.content[0].text.startswith("1 of 3 articles\n")


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_an_unknown_parameter_is_refused_and_the_known_ones_are_named(assistant, tool):
    needed = {"ask": {"question": TEA}, "search": {"question": TEA}, "read_document": {"id": "x"}}
    error = refusal(call(assistant, tool.name, **needed.get(tool.name, {}), top_k=3))
    assert error["code"] == "invalid_arguments"
    names = ", ".join(tool.arguments.model_fields)
    assert error["message"] == f"{tool.name} has no parameter 'top_k'; it takes {names}"


@pytest.mark.parametrize(
    ("name", "arguments", "code", "told"),
    [
        ("ask", {}, "invalid_arguments", "question: field required"),
        ("ask", {"question": TEA, "k": 0}, "invalid_arguments", "k: "),
        ("ask", {"question": TEA, "risk": 1}, "invalid_arguments", "risk: "),
        ("ask", {"question": 5}, "invalid_arguments", "question: "),
        ("ask", {"question": " ? "}, "invalid_question", "blank"),
        ("ask", {"question": "tea " * 2000}, "invalid_question", "at most 2,000"),
        ("ask", {"question": TEA, "filters": ["colour=green"]}, "invalid_filter", "colour"),
        ("search", {"question": TEA, "k": 101}, "invalid_arguments", "k: "),
        ("read_document", {"id": "../../etc/passwd"}, "not_found", "list_documents gives the ids"),
        ("read_document", {"id": "x", "start": -1}, "invalid_arguments", "start: "),
        ("list_documents", {"limit": 0}, "invalid_arguments", "limit: "),
    ],
)
def test_a_wrong_call_is_told_what_is_wrong(assistant, name, arguments, code, told):
    error = refusal(call(assistant, name, **arguments))
    assert error["code"] == code
    assert told in error["message"]


def test_a_range_beyond_the_article_is_refused(assistant):
    document = assistant.passages.documents()[0]
    for asked in ({"start": 10**9}, {"start": 9, "end": 3}):
        error = refusal(call(assistant, "read_document", id=document.id, **asked))
        assert error["code"] == "invalid_range"


def test_an_unknown_tool_is_a_protocol_error(assistant):
    async def conversation(client):
        with pytest.raises(MCPError, match="there is no tool 'delete'; there are ask, search"):
            await client.call_tool("delete", {})

    talk(create_server(assistant), conversation)


def test_what_fails_inside_is_told_without_internals_and_logged(built_index, caplog):
    broken = Assistant(PassageIndex.open(built_index, encoder=WordsEncoder()), None, BY_WORDS)
    broken.close()
    error = refusal(call(broken, "ask", question=TEA))
    assert error == {"code": "internal", "message": "ask failed; the server's log says why"}
    assert "the index is closed" in caplog.text


def test_many_calls_at_once_are_all_answered(assistant):
    async def conversation(client):
        results = [None] * 20

        async def one(i):
            results[i] = await client.call_tool("ask", {"question": TEA})

        async with anyio.create_task_group() as group:
            for i in range(len(results)):
                group.start_soon(one, i)
        return results

    for result in talk(create_server(assistant, workers=2), conversation):
        assert result.structured_content["citations"][0]["quote"]["text"] == "Black tea wants boiling water."


def initialize(app, **headers):
    request = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    accept = {"Accept": "application/json, text/event-stream", "Host": "127.0.0.1:8000"}
    with TestClient(app) as client:
        return client.post("/mcp", json=request, headers={**accept, **headers})


def test_where_keys_are_set_a_request_needs_one(assistant):
    settings = Settings(api_keys=("read:0123456789abcdef", "write:fedcba9876543210"))
    refused = initialize(http_app(assistant, settings))
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert refused.json()["error"]["code"] == "unauthorized"
    for wrong in ("Bearer 0123456789abcdee", "Basic 0123456789abcdef", "Bearer"):
        assert initialize(http_app(assistant, settings), Authorization=wrong).status_code == 401
    for right in ("Bearer 0123456789abcdef", "bearer fedcba9876543210"):
        assert initialize(http_app(assistant, settings), Authorization=right).status_code == 200


def test_a_host_or_origin_of_another_site_is_refused(assistant):
    app = http_app(assistant, Settings())
    assert initialize(app, Host="evil.example:8000").status_code == 421
    assert initialize(http_app(assistant, Settings()), Origin="http://evil.example").status_code == 403
    assert initialize(http_app(assistant, Settings()), Origin="http://localhost:3000").status_code == 200
    allowed = Settings(allowed_hosts=("qa.example",))
    assert initialize(http_app(assistant, allowed), Host="qa.example").status_code == 200
    for host in ("0.0.0.0", "192.0.2.1"):
        assert initialize(http_app(assistant, Settings(host=host)), Host="evil.example").status_code == 421


COMMAND = [sys.executable, "-c", "from qa.commands.mcp import mcp_command; mcp_command()"]


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QA_")}
    return {**kept, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", **more}


@pytest.mark.slow
def test_a_client_that_starts_the_command_asks_over_stdio(shipped_index, tmp_path):  # noqa: F811
    command, *arguments = [*COMMAND, "--index", str(shipped_index)]
    parameters = StdioServerParameters(command=command, args=arguments, env=environment(), cwd=tmp_path)

    async def conversation(client):
        tools = (await client.list_tools()).tools
        asked = await client.call_tool("ask", {"question": "what is Caspian Wind-2025"})
        refused = await client.call_tool("ask", {"question": "x", "model": "gpt"})
        return len(tools), asked, refused

    count, asked, refused = talk(parameters, conversation, mode="auto")
    assert count == len(TOOLS)
    assert asked.structured_content["answered"]
    assert any("Caspian Wind-2025" in cited["quote"]["text"] for cited in asked.structured_content["citations"])
    assert unproved(verify_answer(asked.structured_content)) == []
    assert refusal(refused)["code"] == "invalid_arguments"


@pytest.mark.slow
def test_stdout_carries_messages_alone_and_an_old_client_is_served(shipped_index, tmp_path):  # noqa: F811
    # What a library prints goes to stderr, even where it writes to the file descriptor.
    noisy = "import os, qa.assistant as a\nask = a.Assistant.ask\n"
    noisy += (
        "def loud(*args, **options):\n    print('noise'); os.system('echo noise')\n    return ask(*args, **options)\n"
    )
    noisy += "a.Assistant.ask = loud\nfrom qa.commands.mcp import mcp_command; mcp_command()"
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call",
         "params": {"name": "ask", "arguments": {"question": "what is Caspian Wind-2025"}}},
    ]  # fmt: skip
    command = [sys.executable, "-c", noisy, "--index", str(shipped_index)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
    ) as process:
        for line in lines:
            process.stdin.write(json.dumps(line) + "\n")
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(2)]
        rest, errors = process.communicate(timeout=60)
    assert [answer["id"] for answer in answers] == [1, 2]
    assert answers[1]["result"]["structuredContent"]["answered"] is True
    assert rest == ""
    assert errors.count("noise") == 2
    assert process.returncode == 0


@contextmanager
def serving(*options, **variables):
    """Run ``qa mcp --http`` on a free port and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*COMMAND, "--http", "--port", str(port), *options]
    with subprocess.Popen(command, env=environment(**variables), stderr=subprocess.PIPE, text=True) as process:
        try:
            for _ in range(1200):
                assert process.poll() is None, process.stderr.read()
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.mark.slow
def test_clients_ask_over_http_with_a_key(shipped_index):  # noqa: F811
    key = "0123456789abcdef"
    with serving("--index", str(shipped_index), QA_API_KEYS=f"read:{key}") as address:
        assert httpx.post(address, json={}).status_code == 401

        async def main():
            import httpx2

            headers = {"Authorization": f"Bearer {key}"}
            async with (
                httpx2.AsyncClient(headers=headers, timeout=60) as http,
                Client(streamable_http_client(address, http_client=http)) as client,
            ):
                asked = await client.call_tool("ask", {"question": "what is Caspian Wind-2025"})
                listed = await client.call_tool("list_documents", {})
                return asked, listed

        asked, listed = anyio.run(main)
    assert asked.structured_content["answered"]
    assert listed.structured_content["total"] == 2
    assert unproved(verify_answer(asked.structured_content)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--index", "no-such-index"], 3, "no-such-index"),
        (["--port", "8001"], 2, "go with --http"),
    ],
)
def test_what_is_wrong_is_said_on_stderr_before_anything_is_served(arguments, code, told, tmp_path):
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, cwd=tmp_path, env=environment())
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr


@pytest.mark.slow
def test_without_the_extra_the_command_names_it(tmp_path):
    hidden = "import sys; sys.modules['mcp'] = None; sys.modules['mcp.server'] = None\n"
    code = hidden + "from qa.commands.mcp import mcp_command; mcp_command()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment())
    assert done.returncode == 3
    assert "pip install 'article-qa[mcp]'" in done.stderr
