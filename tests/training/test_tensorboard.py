import pytest
from small import SMALL, but

from kaggle_digits import training
from kaggle_digits.runs import Listener, history


class Recorder(Listener):
    """Notes the epochs."""

    def __init__(self):
        self.epochs = []

    def epoch(self, epoch):
        self.epochs.append(epoch)


def test_every_epoch_is_logged_and_told(tmp_path):
    import tensorflow
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    recorder = Recorder()
    plan = but(SMALL, {"epochs": 2}, tensorboard=True)
    run = training.train(plan, models=tmp_path / "models", submissions=tmp_path, listener=recorder)
    assert recorder.epochs == history.read(run.path)
    values = {}
    for folder in (run.path / "logs").iterdir():
        events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
        events.Reload()
        values |= {f"{folder.name} {tag}": events.Tensors(tag) for tag in events.Tags()["tensors"]}
    losses = values["validation epoch_loss"]
    assert [event.step for event in losses] == [0, 1]
    assert {"train epoch_loss", "train epoch_accuracy", "train epoch_learning_rate"} <= set(values)
    logged = [float(tensorflow.make_ndarray(event.tensor_proto)) for event in losses]
    assert logged == pytest.approx([epoch.val_loss for epoch in recorder.epochs])
