"""One question, one answer: asked once and kept, tried again where it fails, and counted.

Answers are kept by the digest of all that was sent, a file for each, so that what was asked before
costs nothing and a run that was cut off goes on where it was. Nothing that fails is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import urllib.error
import urllib.request
from collections import Counter
from http.client import HTTPException
from pathlib import Path
from typing import Any

from chunkscope.errors import NeuronError
from chunkscope.neurons.language.settings import LanguageSettings

Message = dict[str, str]

WORTH_ANOTHER_TRY = {408, 409, 425, 429, 500, 502, 503, 504}
"""HTTP statuses of an endpoint that may do better in a while."""


class Endpoint:
    """A language model that is asked questions.

    Attributes:
        counts: what became of them: ``asked`` requests, ``kept`` answers of earlier runs, and
            ``failed`` questions that were never answered.
    """

    def __init__(self, settings: LanguageSettings, cache: Path) -> None:
        self.settings = settings
        self.url = _address(settings)
        self.cache = cache
        self.counts: Counter[str] = Counter()

    def ask(self, messages: list[Message], most: int) -> str | None:
        """The answer, or None where there is none after all tries.

        Args:
            messages: of ``role`` and ``content``.
            most: tokens of an answer.

        Raises:
            NeuronError: nobody is there, or the endpoint refuses what is sent.
        """
        sent = {
            "model": self.settings.model,
            "messages": messages,
            "max_tokens": most,
            "temperature": 0,
            "seed": self.settings.seed,
        }
        body = json.dumps(sent, sort_keys=True).encode()
        name = hashlib.sha256(self.url.encode() + b"\0" + body).hexdigest()
        kept = self.cache / name[:2] / f"{name}.json"
        if kept.exists():
            self.counts["kept"] += 1
            return str(json.loads(kept.read_text())["answer"])
        answer = self._try(body)
        if answer is None:
            self.counts["failed"] += 1
            return None
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(f".{os.getpid()}.part")
        partial.write_text(json.dumps({"sent": sent, "answer": answer}))
        partial.replace(kept)
        return answer

    def _try(self, body: bytes) -> str | None:
        """The answer to a request, asked up to ``tries`` times."""
        fault = _Fault("")
        for attempt in range(self.settings.tries):
            if attempt:
                time.sleep(self.settings.pause * 2 ** (attempt - 1))
            self.counts["asked"] += 1
            try:
                return _text(self._send(body))
            except _Fault as found:
                fault = found
        if fault.nobody:
            raise NeuronError(
                f"neurons.explainers: nobody answers at {self.url} ({fault}), asked "
                f"{self.settings.tries} times; start the server, correct the address, or leave "
                "the language model out"
            )
        return None

    def _send(self, body: bytes) -> bytes:
        """What the endpoint sends back.

        Raises:
            _Fault: nothing, an error that may pass, or not in time.
            NeuronError: it refuses.
        """
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(self.settings.key_from):
            headers["Authorization"] = f"Bearer {key}"
        address = self.url.rstrip("/") + "/chat/completions"
        request = urllib.request.Request(address, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=self.settings.timeout) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            if error.code in WORTH_ANOTHER_TRY:
                raise _Fault(f"status {error.code}") from None
            raise NeuronError(
                f"neurons.explainers: {self.url} refuses model {self.settings.model!r} with "
                f"status {error.code} ({error.reason}); check url, model, and the key in "
                f"{self.settings.key_from}"
            ) from None
        except TimeoutError:
            raise _Fault("no answer in time") from None
        except urllib.error.URLError as error:
            late = isinstance(error.reason, TimeoutError)
            raise _Fault(str(error.reason), nobody=not late) from None
        except (OSError, HTTPException) as error:
            raise _Fault(f"cut off: {error}") from None


def _address(settings: LanguageSettings) -> str:
    """Where the language model is.

    Raises:
        NeuronError: neither the settings nor the environment say.
    """
    if url := settings.url or os.environ.get(settings.url_from):
        if url.startswith(("http://", "https://")):
            return url
        raise NeuronError(
            f"neurons.explainers: got the address {url!r} from {settings.url_from}; must begin "
            "with http:// or https://, such as http://localhost:8000/v1"
        )
    raise NeuronError(
        f"neurons.explainers: got a language model without url, and {settings.url_from} is not set "
        "either; set one of them to an address such as http://localhost:8000/v1"
    )


class _Fault(Exception):
    """Why there is no answer yet; ``nobody`` says that nobody was there to give one."""

    def __init__(self, problem: str, nobody: bool = False) -> None:
        super().__init__(problem)
        self.nobody = nobody


def _text(answer: bytes) -> str:
    """What the model said.

    Raises:
        _Fault: it is not laid out as a chat completion.
    """
    try:
        said: Any = json.loads(answer)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError):
        said = None
    if not isinstance(said, str):
        raise _Fault("no answer that can be read")
    return said
