"""What the package does on Kaggle: one training, whose run folder is left as a parcel in the current folder.

python -m kaggle_digits.training.on_kaggle.inside ORDER.json
"""

import sys
from pathlib import Path

import msgspec

from kaggle_digits import recipes, sources
from kaggle_digits.backend import has_gpu, load_keras
from kaggle_digits.errors import DataError, DigitsError
from kaggle_digits.training.member import EpochPrinter
from kaggle_digits.training.on_kaggle import parcel
from kaggle_digits.training.on_kaggle.packing import Order
from kaggle_digits.training.training import train

_KAGGLE_WORKING = Path("/kaggle/working")


def carry_out(order: Order, folder: Path, outbox: Path) -> None:
    """Trains in a folder what Kaggle was asked for, and leaves the parcel in the outbox.

    Raises:
        DigitsError: what can go wrong with a training.
    """
    where = sources.find()
    if where == sources.BUNDLED:
        raise DataError("Kaggle has attached no train.csv of the competition's form.")
    used, warning = has_gpu(load_keras()), None
    if order.cards and not used:
        warning = f"Kaggle lent a GPU ({order.cards[0]}), but TensorFlow did not use it: the training ran on the CPU."
    sys.stdout.write(f"{where}; on {', '.join(order.cards) if used else 'no GPU'}\n")
    recipe = recipes.run(order.file) if order.file else None  # the text that the user named when they ordered this
    plan, submissions = msgspec.structs.replace(order.plan, on="here", data=where), folder / "submissions"
    run = train(
        plan, recipe=recipe, models=folder / "models", submissions=submissions, listener=EpochPrinter(order.run)
    )
    file = submissions / f"{run.name}.csv"
    parcel.pack(run.path, file if file.exists() else None, outbox, order.run, order.cards if used else [], warning)


def main(arguments: list[str]) -> int:
    """What the process does."""
    path = Path(arguments[0])
    outbox = _KAGGLE_WORKING if _KAGGLE_WORKING.is_dir() else Path.cwd()
    try:
        carry_out(msgspec.json.decode(path.read_bytes(), type=Order), path.parent, outbox)
    except DigitsError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
