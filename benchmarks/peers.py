"""The same networks as people would write them with PyTorch and scikit-learn; it imports nothing of the package.

    python benchmarks/peers.py torch-cnn|torch-mlp|sklearn-mlp SEED TRAIN.csv HELD_OUT.csv TEST.csv

As `plain.py`: read with pandas, batches of 128, 10 epochs at most, 20 % held out to see when to stop, a submission, one
line of JSON. PyTorch has what its guides recommend on CPUs: channels last and bfloat16 where the processor has it.
TORCH_COMPILE=1 adds `torch.compile`.
"""

import itertools
import json
import os
import sys
import time
from pathlib import Path

BEGAN = time.perf_counter()

sys.path.pop(0)  # where profile.py would be taken for Python's own, which PyTorch imports

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

GOAL = 0.99


class Torch:
    """A network trained epoch by epoch with Adam's defaults."""

    def __init__(self, kind, seed):
        import torch
        from torch import nn

        torch.manual_seed(seed)
        self.torch, self.kind = torch, kind
        if kind == "mlp":
            sizes, parts = (784, 784, 256, 128), []
            for before, after in itertools.pairwise(sizes):
                parts += [nn.Linear(before, after), nn.ReLU()]
            self.model = nn.Sequential(*parts, nn.Linear(128, 10))
        else:
            parts, before = [], 1
            for filters in ((32, 32), (64, 64), (128,)):
                for after in filters:
                    parts += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(after)]
                    before = after
                parts += [nn.MaxPool2d(2), nn.Dropout(0.25)]
            parts += [nn.Flatten(), nn.Linear(128 * 9, 512), nn.ReLU(), nn.BatchNorm1d(512), nn.Dropout(0.5)]
            self.model = nn.Sequential(*parts, nn.Linear(512, 10)).to(memory_format=torch.channels_last)
        self.half = kind == "cnn" and "avx512_bf16" in Path("/proc/cpuinfo").read_text()
        self.step = torch.compile(self.model) if os.environ.get("TORCH_COMPILE") else self.model
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.draw = np.random.default_rng(seed)

    def _batch(self, images):
        batch = self.torch.from_numpy(images)
        if self.kind == "mlp":
            return batch
        return batch.reshape(-1, 1, 28, 28).to(memory_format=self.torch.channels_last)

    def _logits(self, images):
        with self.torch.autocast("cpu", self.torch.bfloat16, enabled=self.half):
            return self.step(self._batch(images)).float()

    def epoch(self, images, labels):
        """Learns every row once."""
        self.model.train()
        order = self.draw.permutation(len(images))
        for start in range(0, len(images) - 127, 128):
            rows = order[start : start + 128]
            self.optimizer.zero_grad()
            truth = self.torch.from_numpy(labels[rows])
            self.torch.nn.functional.cross_entropy(self._logits(images[rows]), truth).backward()
            self.optimizer.step()

    def predict(self, images):
        """A label for every row."""
        self.model.eval()
        with self.torch.no_grad():
            parts = [self._logits(images[start : start + 1000]) for start in range(0, len(images), 1000)]
        return self.torch.cat(parts).argmax(1).numpy()


class Sklearn:
    """`MLPClassifier` with the layers of the package's default."""

    def __init__(self, kind, seed):
        from sklearn.neural_network import MLPClassifier

        del kind
        self.model = MLPClassifier((784, 256, 128), batch_size=128, random_state=seed)

    def epoch(self, images, labels):
        """Learns every row once."""
        self.model.partial_fit(images, labels, classes=range(10))

    def predict(self, images):
        """A label for every row."""
        return self.model.predict(images)


def main():
    """Trains, predicts, and tells."""
    what, seed, train_csv, held_out_csv, test_csv = sys.argv[1:]
    library, kind = what.split("-")
    train, test = pd.read_csv(train_csv), pd.read_csv(test_csv)
    x, y = train.drop(columns="label").to_numpy("float32") / 255, train["label"].to_numpy()
    x_train, x_val, y_train, y_val = train_test_split(x, y, test_size=0.2, random_state=int(seed))
    network = {"torch": Torch, "sklearn": Sklearn}[library](kind, int(seed))
    began, passed = time.perf_counter(), []
    while len(passed) < 10 and not (kind == "cnn" and passed and passed[-1][1] >= GOAL):
        network.epoch(x_train, y_train)
        accuracy = float((network.predict(x_val) == y_val).mean())
        passed.append((time.perf_counter() - began, accuracy))
    answers = network.predict(test.to_numpy("float32") / 255)
    pd.DataFrame({"ImageId": np.arange(1, len(answers) + 1), "Label": answers}).to_csv(os.devnull, index=False)
    seconds = time.perf_counter() - BEGAN
    unseen = pd.read_csv(held_out_csv)
    right = network.predict(unseen.drop(columns="label").to_numpy("float32") / 255) == unseen["label"]
    told = {
        "accuracy": float(right.mean()),
        "train_seconds": round(passed[-1][0], 2),
        "seconds": round(seconds, 2),
        "epochs": len(passed),
        "curve": [(round(when, 2), round(accuracy, 4)) for when, accuracy in passed],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
