"""A language model that explains units: a server that answers well, slowly, wrongly, or not."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from chunkscope.errors import NeuronError
from chunkscope.neurons.controls import OWN, SHUFFLED
from chunkscope.neurons.excerpts import NOTHING, Activity, Sample, draw_sample
from chunkscope.neurons.explaining import Known
from chunkscope.neurons.language.endpoint import Endpoint
from chunkscope.neurons.language.explaining import Said, read_levels
from chunkscope.neurons.language.settings import LanguageSettings
from chunkscope.neurons.scores import pearson, r2
from chunkscope.neurons.settings import DrawSettings, NeuronSettings, ProtocolSettings
from chunkscope.neurons.study import Recorded, explain_site

SYMBOLS = [" the", "cat", " sat", "7", "\n"]


def knows_the_cat(question):
    """A model that explains every unit by cats, and foretells it so."""
    if "Answer with a JSON list" not in question:
        return "active on cats"
    symbols = json.loads(question.rsplit("\n", 1)[1])
    return f"Here you are: {[10 * (symbol == 'cat') for symbol in symbols]}"


class Server:
    """A chat endpoint whose answers are those of ``reply(question)``; what it got is kept."""

    def __init__(self):
        self.reply, self.status, self.delay, self.got = knows_the_cat, [], 0.0, []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.got.append((self.path, dict(self.headers), body))
                time.sleep(server.delay)
                status = server.status.pop(0) if server.status else 200
                said = server.reply(body["messages"][-1]["content"])
                answer = {"choices": [{"message": {"role": "assistant", "content": said}}]}
                raw = said if isinstance(said, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http.server_port}/v1"


@pytest.fixture
def server():
    found = Server()
    yield found
    found.http.shutdown()
    found.http.server_close()


def endpoint(server, folder, **settings):
    given = {"url": server.url, "model": "small", "pause": 0.0, "timeout": 5.0, **settings}
    return Endpoint(LanguageSettings.model_validate(given), folder)


def samples():
    """A unit that knows the cat, and one that is noise; to explain, and to score."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(2):
        tokens = rng.integers(len(SYMBOLS), size=(30, 12)).astype(np.int32)
        values = np.stack([3.0 * (tokens == 1), rng.random(tokens.shape)], axis=-1)
        activity = Activity.cut(tokens, values.astype(np.float32), 12)
        found.append(draw_sample(activity, DrawSettings(top=2, random=4), rng))
    return found


def test_a_model_that_knows_scores_as_it_should(server, tmp_path):
    seen, held_out = samples()
    model = endpoint(server, tmp_path)
    said = Said.explain(model, seen, SYMBOLS)
    assert said.sentences == ("active on cats", "active on cats")
    found = pearson(held_out, said.simulate(held_out.tokens))
    assert found[0] == pytest.approx(1)
    assert abs(found[1]) < 0.5
    assert said.counts["read"] + said.counts["silent"] == 12
    assert r2(held_out, said.simulate(held_out.tokens))[0] == pytest.approx(1)  # 3 where it fires
    assert said.lengths.tolist() == [14, 14]


def test_what_is_sent_is_what_the_interface_asks_for(server, tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret")
    model = endpoint(server, tmp_path, key_from="MY_KEY", seed=3)
    assert model.ask([{"role": "user", "content": "hello"}], most=9) == "active on cats"
    ((path, headers, body),) = server.got
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert (body["model"], body["temperature"], body["seed"], body["max_tokens"]) == (
        "small",
        0,
        3,
        9,
    )
    assert "secret" not in "".join(file.read_text() for file in tmp_path.rglob("*.json"))


def test_the_explainer_is_shown_symbols_and_levels_from_0_to_10(server, tmp_path):
    tokens = np.array([[[0, 1, 3], [NOTHING, 4, 1]]], np.int32)
    values = np.array([[[0.0, 2.0, 1.0], [0.0, 0.5, 1.95]]], np.float32)
    Said.explain(endpoint(server, tmp_path), Sample(tokens, values, np.zeros(2, bool)), SYMBOLS)
    question = server.got[0][2]["messages"][-1]["content"]
    shown = question.split("\n\n", 1)[1]
    assert shown == '" the"\t0\n"cat"\t10\n"7"\t5\n\n"\\n"\t2\n"cat"\t10'


def test_what_was_asked_before_is_not_asked_again(server, tmp_path):
    seen, held_out = samples()
    first = Said.explain(endpoint(server, tmp_path), seen, SYMBOLS)
    expected, asked = first.simulate(held_out.tokens), len(server.got)
    again = endpoint(server, tmp_path)
    second = Said.explain(again, seen, SYMBOLS)
    np.testing.assert_array_equal(second.simulate(held_out.tokens), expected)
    assert len(server.got) == asked
    assert again.counts["asked"] == 0
    assert again.counts["kept"] > 0
    other = endpoint(server, tmp_path, model="large")
    Said.explain(other, seen, SYMBOLS)
    assert other.counts["asked"] == 2


def test_an_error_that_passes_is_tried_again(server, tmp_path):
    server.status = [500, 429, 503]
    model = endpoint(server, tmp_path, tries=4)
    assert model.ask([{"role": "user", "content": "hello"}], 9) == "active on cats"
    assert model.counts == {"asked": 4}


def test_an_error_that_stays_is_counted_and_not_kept(server, tmp_path):
    server.status = [500, 500, 500]
    model = endpoint(server, tmp_path, tries=3)
    assert model.ask([{"role": "user", "content": "hello"}], 9) is None
    assert model.counts == {"asked": 3, "failed": 1}
    assert not list(tmp_path.rglob("*.json"))
    assert model.ask([{"role": "user", "content": "hello"}], 9) == "active on cats"


@pytest.mark.parametrize("nonsense", [b"<html>", b"{}", b'{"choices": []}', b"[1]"])
def test_nonsense_is_counted(server, tmp_path, nonsense):
    server.reply = lambda _: nonsense
    model = endpoint(server, tmp_path, tries=2)
    assert model.ask([{"role": "user", "content": "hello"}], 9) is None
    assert model.counts == {"asked": 2, "failed": 1}


def test_a_server_that_is_too_slow_is_counted(server, tmp_path):
    server.delay = 0.5
    model = endpoint(server, tmp_path, tries=2, timeout=0.1)
    assert model.ask([{"role": "user", "content": "hello"}], 9) is None
    assert model.counts == {"asked": 2, "failed": 1}


def test_a_server_that_is_down_ends_the_job_with_a_sentence(server, tmp_path):
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(NeuronError, match=r"explainers: nobody answers at http://127.*start the"):
        endpoint(server, tmp_path, tries=2).ask([{"role": "user", "content": "hello"}], 9)


def test_the_environment_may_say_where_it_is(server, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(NeuronError, match="without url, and OPENAI_BASE_URL is not set"):
        Endpoint(LanguageSettings(model="small"), tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", "localhost:8000/v1")
    with pytest.raises(NeuronError, match="'localhost:8000/v1' from OPENAI_BASE_URL; must begin"):
        Endpoint(LanguageSettings(model="small"), tmp_path)
    url = endpoint(server, tmp_path).url
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    assert Endpoint(LanguageSettings(model="small"), tmp_path).url == url


def test_a_refusal_ends_the_job_at_once(server, tmp_path):
    server.status = [401]
    with pytest.raises(NeuronError, match="refuses model 'small' with status 401"):
        endpoint(server, tmp_path).ask([{"role": "user", "content": "hello"}], 9)
    assert len(server.got) == 1


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        ("[1, 2, 3]", "read"),
        ("Sure! [0, 10, 2.5] as asked", "read"),
        ("[0, 0, 0]", "silent"),
        ("[1, 2]", "another length"),
        ("[1, 2, 3, 4]", "another length"),
        ("[1, 2, 10.14]", "not 0 to 10"),
        ("[1, 2, -1]", "not 0 to 10"),
        ("[1, null, 3]", "not 0 to 10"),
        ("[1, true, 3]", "not 0 to 10"),
        ("[1, NaN, 3]", "not 0 to 10"),
        ('[1, "2", 3]', "not 0 to 10"),
        ("[1; 2; 3]", "not a list"),
        ("one two three", "not a list"),
        ("", "not a list"),
        (None, "unanswered"),
    ],
)
def test_answers_are_read_or_counted(answer, fate):
    found, numbers = read_levels(answer, 3)
    assert found == fate
    assert np.isfinite(numbers).all()
    assert numbers.shape == (3,)
    assert numbers.any() == (fate == "read")


def test_a_simulation_that_fails_says_nothing_and_is_counted(server, tmp_path):
    seen, held_out = samples()
    said = Said.explain(endpoint(server, tmp_path), seen, SYMBOLS)
    server.reply = lambda _: "I would rather not"
    assert (np.ptp(said.simulate(held_out.tokens), axis=(1, 2)) == 0).all()
    assert said.counts == {"not a list": 12}


def test_a_site_is_explained_by_a_model_as_by_any_other_explainer(server, tmp_path):
    """Beside its controls, of the units it was asked about, with what became of all questions."""
    rng = np.random.default_rng(1)
    halves = []
    for _ in range(2):
        tokens = rng.integers(len(SYMBOLS), size=(20, 12)).astype(np.int32)
        rows = [3.0 * (tokens == 1), rng.random(tokens.shape), 1.0 * (tokens == 4)]
        halves += [tokens, np.stack(rows, axis=-1).astype(np.float32)]
    shown = ProtocolSettings(
        length=12, explain=DrawSettings(top=2, random=4), score=DrawSettings(random=6)
    )
    model = LanguageSettings(url=server.url, model="small", units=2)
    settings = NeuronSettings(protocols={"random": shown}, explainers={"cats": model})
    found = explain_site(Recorded(*halves), Known(SYMBOLS, answers=tmp_path), settings, 0)
    scores = found.scores.set_index(["control", "unit"])["pearson"]
    assert scores[OWN, 0] == pytest.approx(1)
    assert abs(scores[OWN, 2]) < 0.6
    assert scores[SHUFFLED, 0] < 0.9
    said = found.explanations[0]
    assert said.units.tolist() == [0, 2]
    assert said.said.as_json(0, SYMBOLS) == {"model": "small", "sentence": "active on cats"}
    assert said.failures["asked"] == len(server.got)
    again = explain_site(Recorded(*halves), Known(SYMBOLS, answers=tmp_path), settings, 0)
    assert again.scores.equals(found.scores)
    assert again.explanations[0].failures["asked"] == 0
