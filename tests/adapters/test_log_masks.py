"""What is written to a log tells no phone, no address and no token."""

import io
import logging
import time

import pytest

from crmkit.adapters.log_masks import MaskingFilter, masked

TOLD = [
    "13800138000",
    "+86 138 0013 8000",
    "(571) 8888-1234",
    "li.wei@yunshan.example",
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91d2-canary",
    "https://oapi.dingtalk.com/robot/send?access_token=canary0000",
    "https://open.feishu.cn/open-apis/bot/v2/hook/canary-0000",
    "whsec_MDEyMzQ1Njc4OWFiY2RlZg==",
    "SECcrmkit0000",
    "Bearer eyJhbGciOi.canary",
    "token=canary123",
    '{"password": "canary123"}',
]


@pytest.fixture
def log():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(MaskingFilter())
    logger = logging.getLogger("crmkit.masked")
    logger.propagate = False
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield logger, stream
    logger.removeHandler(handler)


@pytest.mark.parametrize("told", TOLD)
def test_nothing_of_it_is_written(log, told):
    logger, stream = log
    logger.info("told %s", told)
    with pytest.raises(RuntimeError) as raised:
        raise RuntimeError(told)
    logger.error("could not tell", exc_info=raised.value)

    for secret in (told, "canary", "0013", "8888", "MDEyMzQ", "crmkit0000"):
        assert secret not in stream.getvalue()
    assert "could not tell" in stream.getvalue()


@pytest.mark.parametrize(
    "innocent",
    [
        "lead:0197a3c2-7d1e-7c44-9f60-3f2b8c1d2e4f moved",
        "lead:L-1 at 2026-01-31T08:00:00+00:00",
        "12 of 40 relayed in 0.25 s",
        "crmkit 0.1.0 on Python 3.11.9",
        "the key store is away",
    ],
)
def test_ids_times_and_counts_pass(innocent):
    assert masked(innocent) == innocent


@pytest.mark.parametrize("piece", ["a", "1", "1 ", "@", "a@", "http://a/", "hook", "key=", "- "])
def test_a_long_text_is_masked_in_time_that_grows_with_it(piece):
    def took(size):
        text = piece * (size // len(piece))
        start = time.process_time()
        masked(text)
        return time.process_time() - start

    took(1_000)
    assert took(100_000) < 400 * max(took(1_000), 0.0005)
