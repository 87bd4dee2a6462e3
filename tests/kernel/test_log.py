"""The log as a person uses it: filtered, counted, as rows, with the prints, logs and warnings of each request."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas
import pytest

from routebook_kernel.exceptions import UnknownFieldError
from routebook_kernel.recording.exchanges import Exchanges
from routebook_kernel.recording.log import ExchangeLog
from routebook_kernel.records import Body, Exchange, FailureRecord, Place, RaisedRecord, SocketRecord
from tests.kernel.driver import Kernel

PLAIN = Exchange(
    id=1, source="client", operation="GET /a", method="GET", url="/a", request_headers=(), request_body=None,
    status=200, response_headers=(), response_body=Body(b'{"a": 1}', 8, "application/json"), started_at=1.5,
    elapsed_ms=2.0, output="said", cell="[3]",
)  # fmt: skip
FAILED = replace(
    PLAIN,
    id=2,
    status=500,
    response_body=None,
    failure=FailureRecord("ValueError", "no", (), 3),
    raised=RaisedRecord("ValueError", Place(None, "shop.py", 7), "buy"),
    request_body=Body(b"\xff", 1, "image/png"),
)
SOCKET = replace(
    PLAIN, id=3, method="WEBSOCKET", status=101, response_body=None,
    socket=SocketRecord(message_count=4, received_bytes=10, sent_bytes=20, close_code=1000, closed_by="client"),
)  # fmt: skip


def test_exchanges_are_filtered_by_fields_and_by_a_function() -> None:
    """The result is the same kind of list, and a mistyped field is named."""
    log = Exchanges([PLAIN, FAILED, SOCKET])

    assert list(log.where(status=500, method="GET")) == [FAILED]
    assert list(log.where(lambda exchange: exchange.id > 1).where(method="WEBSOCKET")) == [SOCKET]
    assert isinstance(log[1:], Exchanges)
    assert log[-1] is SOCKET
    with pytest.raises(UnknownFieldError, match=r"no field 'stauts'\. Did you mean 'status'"):
        log.where(stauts=200)


def test_rows_are_flat_with_the_same_keys() -> None:
    """One dictionary per exchange, each with the same keys: the input of pandas.DataFrame."""
    plain, failed, socket = Exchanges([PLAIN, FAILED, SOCKET]).to_dicts()

    assert list(plain) == list(failed) == list(socket)
    assert plain["started_at"] == datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC)
    assert (plain["response_bytes"], plain["response_text"], plain["output"]) == (8, '{"a": 1}', "said")
    assert (failed["error"], failed["raised_at"], failed["request_text"]) == ("ValueError", "shop.py, line 7", None)
    assert (socket["messages"], socket["request_bytes"], socket["response_bytes"]) == (4, 10, 20)
    assert not any(isinstance(value, dict | list | tuple) for row in (plain, failed, socket) for value in row.values())


def test_rows_become_a_data_frame() -> None:
    """`pandas.DataFrame(log().to_dicts())`: times are times, numbers can be summed, absent values are missing."""
    frame = pandas.DataFrame(Exchanges([PLAIN, FAILED, SOCKET]).to_dicts())

    assert list(frame.columns[:3]) == ["id", "started_at", "source"]
    assert str(frame["started_at"].dtype).startswith("datetime64")
    assert str(frame["started_at"].dt.tz) == "UTC"
    assert frame.groupby("method")["elapsed_ms"].sum().to_dict() == {"GET": 4.0, "WEBSOCKET": 2.0}
    assert frame.loc[frame["status"] >= 500, "error"].to_list() == ["ValueError"]
    assert frame["messages"].isna().to_list() == [True, True, False]
    assert len(pandas.DataFrame(Exchanges([]).to_dicts())) == 0


def test_exchanges_are_a_table_with_a_one_line_repr() -> None:
    """In a notebook a table, in a traceback one line, markup as text."""
    evil = replace(PLAIN, url="/<img>")
    bundle = Exchanges([evil], total=7)._repr_mimebundle_()

    assert repr(Exchanges([evil])) == "<1 request>"
    assert "/<img>" in bundle["text/plain"]
    assert "7 requests so far" in bundle["text/plain"]
    assert "<img>" not in bundle["text/html"]


def test_log_shrinks_at_once_and_rejects_no_request() -> None:
    """Exchanges beyond a new limit are removed when the limit changes, not with the next request."""
    log = ExchangeLog()
    for number in range(10):
        log.add(replace(PLAIN, id=number))

    log.resize(max_count=3)
    assert [exchange.id for exchange in log] == [7, 8, 9]
    log.resize(max_bytes=1)
    assert [exchange.id for exchange in log] == [9]
    assert log.total == 10
    with pytest.raises(ValueError, match="at least 1"):
        log.resize(max_count=0)


@pytest.mark.kernel
def test_output_is_recorded_with_the_request_that_caused_it(kernel: Kernel) -> None:
    """Three requests each have their own output, including the warning, which Python alone would show only once."""
    kernel.good("logged = Routebook()\nclient = routebook_kernel.client(logged)\nimport logging, warnings", "app")
    kernel.good(
        "@logged.get('/{n}')\n"
        "def talk(n: int):\n    print('printed', n)\n    warnings.warn('old', DeprecationWarning)\n"
        "    logging.getLogger('shop').warning('sold %s', n)\n    return n",
        "op",
    )

    kernel.good("for n in range(3): client.get(f'/{n}')", "ask")

    outputs = kernel.value("[e.output for e in routebook_kernel.log().where(operation='GET /{n}')]")
    for n in range(3):
        assert f"printed {n}\\n" in outputs
        assert f"sold {n}\\n" in outputs
    assert outputs.count("DeprecationWarning: old") == 3


@pytest.mark.kernel
def test_log_magic_shows_and_limits_the_log(kernel: Kernel) -> None:
    """`%api log`, `-n`, `--keep`, `--bytes`. An invalid limit is explained in a sentence."""
    kernel.good("kept = Routebook()\nclient = routebook_kernel.client(kept)", "app")
    kernel.good("@kept.get('/kept')\ndef one(): return 1", "op")
    kernel.good("for _ in range(5): client.get('/kept')", "ask")

    assert kernel.good("%api log -n 2", "log").shown.count("GET     /kept") == 2
    assert "keeps the last 3 requests, up to 1.0 MB" in kernel.good("%api log --keep 3 --bytes 1000000", "log").shown
    assert kernel.value("len(routebook_kernel.log()), routebook_kernel.log()") == "(3, <3 requests>)"
    assert "at least 1 exchange" in kernel.run("%api log --keep 0", "log").text
    kernel.good("%api log --keep 2000 --bytes 33554432", "log")
