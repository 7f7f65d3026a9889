"""A key that comes or goes never mixes simulated bars with real ones without a word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.config.container_settings import DATA_OF_BOTH, KEEP_BOTH_WORDS
from scripts.operations.credentials import rotation
from scripts.operations.errors import OperationError
from scripts.operations.releases import data_origin, deploy
from scripts.operations.target import LOCAL
from tests.unit.operations.fakes import Answer, operation, outputs

SIMULATED: dict[str, Answer] = {"/simulated": "producer.sqlite\n", "git rev-parse": "c0ffee\n"}
SECRETS = {**outputs().secrets, "alpha_vantage_key": ""}
WITHOUT_KEY = replace(outputs(), secrets=SECRETS)
REFUSED = (
    "prod holds bars of the simulated market, and the real one is to run there now; start empty: "
    "fab destroy --with-data --stack prod, then deploy again; or keep both, each bar marked by its "
    "source: pulumi config set --path settings.DATA_OF_BOTH_MARKETS 'yes, keep both', then pulumi "
    "up"
)


def test_a_first_key_of_the_stack_is_refused_before_anything_changes() -> None:
    one, shell, _ = operation(SIMULATED)
    plan = deploy.planned(one, "HEAD", "build", True, "", 1)
    with pytest.raises(OperationError) as refused:
        deploy.deploy(one, plan)
    assert str(refused.value) == REFUSED
    [only] = shell.ran
    assert " run --rm --no-deps " in only


def test_words_keep_both() -> None:
    one, _, _ = operation(SIMULATED)
    words = {DATA_OF_BOTH: KEEP_BOTH_WORDS}
    one.outputs = replace(outputs(), settings=words)
    data_origin.refuse_mixing(one, has_key=True)


@pytest.mark.parametrize("answer", ["", (125, "no such image")])
def test_where_nothing_ran_yet_a_key_may_come(answer: Answer) -> None:
    one, _, _ = operation({"/simulated": answer})
    data_origin.refuse_mixing(one, has_key=True)


def test_a_key_taken_out_does_not_bring_simulated_bars_among_real_ones() -> None:
    one, _, _ = operation({"test -e": (1, ""), "/real": "producer.sqlite\n"})
    one.outputs = WITHOUT_KEY
    assert data_origin.will_have_key(one) is False
    with pytest.raises(OperationError, match="real market"):
        data_origin.refuse_mixing(one, has_key=False)


def test_a_key_that_the_host_was_given_by_itself_stays() -> None:
    one, shell, _ = operation({})
    one.outputs = WITHOUT_KEY
    assert data_origin.will_have_key(one) is True
    keys = "/opt/tapeline/keys/alpha_vantage_key"
    assert shell.ran == [f"test -e {keys} -a ! -e /opt/tapeline/key_of_the_stack"]


def test_a_key_of_the_stack_is_changed_in_the_stack() -> None:
    one, shell, _ = operation({})
    with pytest.raises(OperationError) as refused:
        rotation.rotate(one, "key", "/etc/hostname")
    assert "pulumi config set --secret alphaVantageKey --stack prod" in str(refused.value)
    assert shell.ran == []


def test_a_first_key_by_rotation_is_refused_in_containers_too() -> None:
    one, shell, _ = operation(SIMULATED, LOCAL)
    with pytest.raises(OperationError) as refused:
        rotation.rotate(one, "key", "/etc/hostname")
    for way_out in ("fab destroy --with-data", "DATA_OF_BOTH_MARKETS='yes, keep both' in .env"):
        assert way_out in str(refused.value)
    assert shell.sent == {}
    one, _, _ = operation({".env": "DATA_OF_BOTH_MARKETS='yes, keep both'\n", **SIMULATED}, LOCAL)
    data_origin.refuse_mixing(one, has_key=True)
