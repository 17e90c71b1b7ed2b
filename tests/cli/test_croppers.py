"""`salient-crop croppers`."""

from salient_crop.cli.main import main
from salient_crop.models.card import list_cards, load_card
from salient_crop.models.registry import ARCHITECTURES, BUNDLED


def test_everything_that_can_be_loaded_is_listed_with_the_cards_of_the_weights(capsys):
    assert main(["croppers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  focus (default)" in lines
    assert {*BUNDLED, *(each.name for each in ARCHITECTURES)} <= {line.split()[0] for line in lines}
    for card in map(load_card, list_cards()):
        (line,) = (line for line in lines if line.startswith(f"  {card.weights_name},"))
        assert card.licence in line
        assert line.endswith(card.summary)
        assert f"{round(card.path.stat().st_size / 1000):,} kB" in line
