from kaggle_digits.classifiers.protocol import Epoch, Silence
from kaggle_digits.classifiers.tensorboard import Logged


class Recorder(Silence):
    """Notes the epochs, and wants to stop."""

    def __init__(self):
        self.epochs = []

    def epoch(self, epoch):
        self.epochs.append(epoch)

    def wants_stop(self):
        return True


def test_every_epoch_is_logged_and_passed_on(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    recorder = Recorder()
    logged = Logged(recorder, tmp_path)
    epochs = [Epoch(number, 1 / number, 0.9, 2 / number, 0.8, 0.001, 1.0) for number in (1, 2)]
    for epoch in epochs:
        logged.epoch(epoch)
    assert recorder.epochs == epochs
    assert logged.wants_stop()
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0})
    events.Reload()
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"} <= set(events.Tags()["tensors"])
    assert [event.step for event in events.Tensors("val_loss")] == [1, 2]
