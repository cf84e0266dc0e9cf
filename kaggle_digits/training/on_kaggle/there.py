"""What the package does on Kaggle: one training, whose run folder is left as a parcel in the current folder.

python -m kaggle_digits.training.on_kaggle.there ORDER.json
"""

import json
import sys
from pathlib import Path
from typing import Any

from kaggle_digits import recipes, sources, training
from kaggle_digits.errors import DataError, DigitsError
from kaggle_digits.training.child import Teller
from kaggle_digits.training.on_kaggle import parcel

_KAGGLE_WORKING = Path("/kaggle/working")


def carry_out(order: dict[str, Any], folder: Path, outbox: Path) -> None:
    """Trains, and packs.

    Args:
        order: see `packing.order`; and `cards`, the names of the graphics cards.
        folder: where to train.
        outbox: where to leave the parcel.

    Raises:
        DigitsError: what can go wrong with a training.
    """
    where = sources.find()
    if where == sources.BUNDLED:
        raise DataError("Kaggle has attached no train.csv of the competition's form.")
    source = sources.load(where)
    sys.stdout.write(f"{where}: {len(source.train):,} labelled digits; on {', '.join(order['cards']) or 'no GPU'}\n")
    trained = training.train(
        recipes.from_json(order["recipe"]),
        source,
        seed=order["seed"],
        validation=order["validation"],
        exclude=order["excluded"],
        models=folder / "models",
        submissions=folder / "submissions",
        listener=Teller(order["run"]),
    )
    about = {"run": order["run"], "cards": order["cards"]}
    parcel.pack(trained.run.path, trained.submission, outbox, about)


def main(arguments: list[str]) -> int:
    """What the process does."""
    path = Path(arguments[0])
    outbox = _KAGGLE_WORKING if _KAGGLE_WORKING.is_dir() else Path.cwd()
    try:
        carry_out(json.loads(path.read_text(encoding="utf-8")), path.parent, outbox)
    except DigitsError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
