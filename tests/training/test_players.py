"""The loop on games of every kind: facts about who changes, when, and to what."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from metaprior.core import SGD, Adam, Cosine, Epochs, Group, MetapriorError, Method, Player, Replacement, Term, Windows
from metaprior.training import Loop, fit, saved_tensors
from metaprior.training.loop import Training
from tests.conftest import Columns, random


class WGANGP(Method):
    """A Wasserstein GAN with gradient penalty on points of a plane (Gulrajani et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = nn.Linear(2, 2)
        self.critic = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
        self.hyper = {"penalty": 10.0}
        self.turns_taken: list[tuple[str, int]] = []

    def players(self):
        adam = Adam(lr=2e-2, betas=(0.5, 0.9))
        return (
            Player("critic", ("critic",), adam, repeats=5),
            Player("generator", ("generator",), adam, ema=0.9),
        )

    def streams(self):
        return {"real": Replacement(64)}

    def forward(self, player, batches, step):
        self.turns_taken.append((player, step.turn))
        fake = self.generator(step.randn(f"z/{player}", 64, 2))
        if player == "generator":
            return {"score": Term(self.critic(fake).mean(), -1.0)}
        real, fake = batches["real"]["points"], fake.detach()
        mixed = torch.lerp(real, fake, step.rand("mix", 64, 1)).requires_grad_()
        slope = torch.autograd.grad(self.critic(mixed).sum(), mixed, create_graph=True)[0].norm(dim=1)
        return {
            "gap": Term(self.critic(real).mean() - self.critic(fake).mean(), -1.0),
            "gradient_penalty": Term((slope - 1).square().mean(), step.hyper["penalty"]),
        }


@pytest.fixture
def points():
    return Columns(points=random(0, 512, 2) * 0.1 + torch.tensor([3.0, -2.0]))


def test_wgan_gp_moves_the_generator_to_the_data(points):
    torch.manual_seed(0)
    method = WGANGP()

    def distance():
        return (method.generator(random(1, 1000, 2)).mean(dim=0) - torch.tensor([3.0, -2.0])).norm()

    before = distance()
    fit(method, {"train": points}, Loop(steps=300))
    assert distance() < before / 5


def test_repeats_are_turns_of_one_step(points):
    method = WGANGP()
    fit(method, {"train": points}, Loop(steps=2))
    one_step = [("critic", t) for t in range(5)] + [("generator", 0)]
    assert method.turns_taken == one_step * 2


def test_the_average_is_the_textbook_recurrence(points):
    method = WGANGP()
    training = Training(method, {"train": points}, Loop(steps=3), None, ())
    expected = method.generator.weight.detach().clone()
    with training.prepared(resume=False):
        for _ in range(3):
            training.advance()
            expected = 0.9 * expected + 0.1 * method.generator.weight.detach()
    assert torch.allclose(dict(training.turns[1].averages())["generator.weight"], expected, atol=1e-7)


def test_a_player_changes_only_its_own_parameters(points):
    class Selfish(WGANGP):
        def players(self):
            critic, _ = super().players()
            return (critic,)

    method = Selfish()
    before = method.generator.weight.detach().clone()
    fit(method, {"train": points}, Loop(steps=2))
    assert torch.equal(method.generator.weight, before)
    assert method.generator.weight.grad is None


class VectorQuantised(Method):
    """A codebook learned by ``after`` alone: each entry moves to the mean of the points nearest to it (k-means)."""

    def __init__(self, entries: torch.Tensor) -> None:
        super().__init__()
        self.scale = nn.Linear(2, 2)
        nn.init.eye_(self.scale.weight)
        nn.init.zeros_(self.scale.bias)
        self.register_buffer("codebook", entries.clone())

    def players(self):
        return (Player("encoder", ("scale",), SGD(lr=0.0)),)

    def streams(self):
        return {"train": Epochs(256)}

    def forward(self, player, batches, step):
        codes = self.scale(batches["train"]["points"])
        nearest = torch.cdist(codes, self.codebook).argmin(dim=1)
        step.shared.update(codes=codes.detach(), nearest=nearest)
        return {"commitment": Term((codes - self.codebook[nearest]).square().sum(dim=1).mean())}

    def after(self, player, step):
        member = F.one_hot(step.shared["nearest"], len(self.codebook)).to(step.shared["codes"])
        self.codebook.copy_(member.T @ step.shared["codes"] / member.sum(dim=0)[:, None])


def test_after_learns_a_codebook_without_gradients():
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    which = torch.arange(256) % 3
    cloud = centres[which] + 0.1 * random(0, 256, 2)
    method = VectorQuantised(centres + 1.0)
    fit(method, {"train": Columns(points=cloud)}, Loop(steps=3))
    means = torch.stack([cloud[which == k].mean(dim=0) for k in range(3)])
    assert torch.allclose(method.codebook, means, atol=1e-5)
    assert "codebook" in saved_tensors(method)


class Distillation(Method):
    """A student that matches a frozen teacher's outputs (Hinton et al. 2015)."""

    frozen = ("teacher",)

    def __init__(self, teacher: nn.Module) -> None:
        super().__init__()
        self.teacher = teacher.requires_grad_(False)
        self.student = nn.Linear(4, 3)

    def players(self):
        return (Player("student", ("student",), Adam(lr=0.05)),)

    def streams(self):
        return {"train": Epochs(32)}

    def forward(self, player, batches, step):
        inputs = batches["train"]["points"]
        with torch.no_grad():
            target = self.teacher(inputs).softmax(dim=1)
        log_student = self.student(inputs).log_softmax(dim=1)
        return {"kl": Term(F.kl_div(log_student, target, reduction="batchmean"))}


def test_distillation_leaves_the_teacher_alone_and_out_of_the_file():
    teacher = nn.Linear(4, 3)
    before = teacher.weight.clone()
    method = Distillation(teacher)
    result = fit(method, {"train": Columns(points=random(0, 128, 4))}, Loop(steps=300))
    assert result.record["terms"]["student/kl"] < 1e-3
    assert torch.equal(teacher.weight, before)
    assert saved_tensors(method).keys() == {"student.weight", "student.bias"}


class LanguageModel(Method):
    """A small LSTM whose state is carried from window to window (truncated back-propagation through time)."""

    def __init__(self, vocabulary: int, window: int = 4) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, 16)
        self.lstm = nn.LSTM(16, 32, batch_first=True)
        self.head = nn.Linear(32, vocabulary)
        self.window = window

    def players(self):
        return (Player("model", ("embed", "lstm", "head"), Adam(lr=1e-2)),)

    def streams(self):
        return {"text": Windows(batch=4, length=self.window)}

    def forward(self, player, batches, step):
        tokens = batches["text"].tokens
        state = None
        if "h" in step.state and "text" not in step.restarted:
            state = (step.state["h"], step.state["c"])
        hidden, (h, c) = self.lstm(self.embed(tokens[:, :-1]), state)
        step.state.update(h=h.detach(), c=c.detach())
        return {"nll": Term(F.cross_entropy(self.head(hidden).flatten(0, 1), tokens[:, 1:].flatten()))}


class Forgetful(LanguageModel):
    def forward(self, player, batches, step):
        step.state.clear()
        return super().forward(player, batches, step)


def test_a_language_model_remembers_across_windows():
    # The symbol after eight zeros depends on the one before them: four-token windows cannot see it, the state can.
    text = torch.tensor(([1] + [0] * 8 + [1] + [2] + [0] * 8 + [2]) * 100)
    torch.manual_seed(0)
    losses = {}
    for carry in (True, False):
        method = LanguageModel(3) if carry else Forgetful(3)
        losses[carry] = fit(method, {"train": Columns(tokens=text)}, Loop(steps=600)).record["terms"]["model/nll"]
    assert losses[True] < 0.05
    assert losses[False] > 0.1


class TwoGroups(Method):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(2, 2)
        self.head = nn.Linear(2, 1)

    def players(self):
        groups = (Group("*.bias", weight_decay=0.0), Group("head.*", lr=0.5))
        return (Player("all", ("body", "head"), SGD(lr=0.1, weight_decay=0.2), groups),)

    def streams(self):
        return {"train": Replacement(2)}

    def forward(self, player, batches, step):
        return {"zero": Term(0.0 * sum(p.sum() for p in self.parameters()))}


def test_groups_have_their_own_rate_and_decay():
    method = TwoGroups()
    before = {name: p.detach().clone() for name, p in method.named_parameters()}
    fit(method, {"train": Columns(points=random(0, 4, 2))}, Loop(steps=1))
    after = dict(method.named_parameters())
    assert torch.allclose(after["body.weight"], before["body.weight"] * (1 - 0.1 * 0.2))
    assert torch.allclose(after["head.weight"], before["head.weight"] * (1 - 0.5 * 0.2))
    assert torch.equal(after["body.bias"], before["body.bias"])
    assert torch.equal(after["head.bias"], before["head.bias"])


def test_a_group_that_matches_nothing_is_an_error():
    class Typo(TwoGroups):
        def players(self):
            return (Player("all", ("body",), SGD(), (Group("boddy.*"),)),)

    with pytest.raises(MetapriorError, match=r"boddy\.\*"):
        fit(Typo(), {"train": Columns(points=random(0, 4, 2))}, Loop(steps=1))


def test_a_schedule_sets_the_rate_of_each_step():
    class Scheduled(TwoGroups):
        def players(self):
            return (Player("all", ("body", "head"), SGD(lr=Cosine(1.0, steps=4, warmup=2))),)

        def forward(self, player, batches, step):
            return {"sum": Term(self.body.bias.sum() + 0.0 * self.head.weight.sum())}

    method = Scheduled()
    start = method.body.bias.detach().clone()
    fit(method, {"train": Columns(points=random(0, 4, 2))}, Loop(steps=4))
    assert torch.allclose(start - method.body.bias, torch.full((2,), 0.0 + 0.5 + 1.0 + 0.5))


def test_a_net_that_views_channels_last_images_is_told_what_to_do():
    class Views(TwoGroups):
        def forward(self, player, batches, step):
            return {"sum": Term(self.body(batches["train"].images.view(2, -1)[:, :2]).sum())}

    images = {"train": Columns(images=random(0, 4, 3, 2, 2))}
    with pytest.raises(MetapriorError, match="--channels-last False"):
        fit(Views(), images, Loop(steps=1))
    fit(Views(), images, Loop(steps=1, channels_last=False))


class Shared(Method):
    """An encoder that two players train in turn, as in an adversarial autoencoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder, self.critic = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 1)

    def players(self):
        sgd = SGD(lr=0.1)
        return (
            Player("autoencoder", ("encoder", "decoder"), sgd),
            Player("critic", ("critic",), sgd),
            Player("generator", ("encoder",), sgd),
        )

    def streams(self):
        return {"train": Replacement(8)}

    def forward(self, player, batches, step):
        codes = self.encoder(batches["train"]["points"])
        if player == "autoencoder":
            return {"error": Term((self.decoder(codes) - batches["train"]["points"]).square().mean())}
        return {"critic": Term(self.critic(codes).square().mean(), 0.0 if player == "generator" else 1.0)}


def test_a_module_of_two_players_is_trained_by_both(points):
    method = Shared()
    before = method.encoder.weight.detach().clone()
    fit(method, {"train": points}, Loop(steps=1))
    assert not torch.equal(method.encoder.weight, before)  # by the autoencoder: the generator's weight is 0


def test_a_player_changes_only_its_own_parameters_whatever_its_loss_touches(points):
    method = Shared()
    seen = {}

    class Watch(Shared):
        def after(self, player, step):
            seen[player] = [p.detach().clone() for p in self.critic.parameters()]

    method = Watch()
    fit(method, {"train": points}, Loop(steps=1))
    assert all(map(torch.equal, seen["critic"], seen["generator"]))
    assert method.critic.weight.grad is None


class Taught(Distillation):
    """A student of a teacher whose parameters were left trainable, with dropout and batch statistics."""

    def forward(self, player, batches, step):
        self.taught_in_training_mode = self.teacher.training
        inputs = batches["train"]["points"]
        return {"error": Term((self.student(inputs) - self.teacher(inputs)).square().mean())}


def test_a_frozen_teacher_is_used_as_it_is():
    teacher = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
    method = Taught(teacher)
    teacher.requires_grad_(True)
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    fit(method, {"train": Columns(points=random(0, 64, 4))}, Loop(steps=3))
    assert not method.taught_in_training_mode
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert all(parameter.requires_grad for parameter in teacher.parameters())  # as it was handed over


def test_a_parameter_that_was_frozen_by_hand_stays_so(points):
    method = Shared()
    method.encoder.bias.requires_grad_(False)
    before = method.encoder.bias.clone()
    fit(method, {"train": points}, Loop(steps=2))
    assert torch.equal(method.encoder.bias, before)
    assert not method.encoder.bias.requires_grad


def test_what_acts_after_updates_refuses_to_be_accumulated():
    method = VectorQuantised(torch.zeros(3, 2))
    with pytest.raises(MetapriorError, match="acts after its updates"):
        fit(method, {"train": Columns(points=random(0, 256, 2))}, Loop(steps=1, accumulate=2))
