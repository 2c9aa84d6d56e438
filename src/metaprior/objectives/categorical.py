"""Terms of a categorical law, by its logits: of a discrete code, or of a class that is not known."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def categorical_nll(logits: Float[Tensor, "b k"], values: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
    """-log p(value), in nats; 0 where the value is missing (-1).

    >>> round(categorical_nll(torch.zeros(1, 4), torch.tensor([2])).item(), 4)  # ln 4
    1.3863
    """
    return F.cross_entropy(logits, values.clamp(min=0), reduction="none") * (values >= 0)


def categorical_nll_of_others(logits: Float[Tensor, "b k"], values: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
    """-log(1 - p(value)), in nats, by the logits of all other values, so that a sure law costs no precision; K > 1.

    Of two values it is the other's :func:`categorical_nll`, as in Lample et al. 2017, equation 3. Its gradient does
    not vanish where the law is sure of the value.

    >>> round(categorical_nll_of_others(torch.zeros(1, 4), torch.tensor([2])).item(), 4)  # ln 4/3
    0.2877
    """
    own = F.one_hot(values, logits.shape[1]).bool()
    others = logits.masked_fill(own, -torch.inf).logsumexp(dim=1)
    return F.softplus((logits * own).sum(dim=1) - others)


def kl_categorical(logits: Float[Tensor, "b k"]) -> Float[Tensor, " b"]:
    """KL from the uniform law, ln K - H, in nats; at most ln K.

    >>> kl_categorical(torch.zeros(1, 4)).item()
    0.0
    """
    log_probabilities = logits.log_softmax(dim=1)
    return (log_probabilities.exp() * (log_probabilities + math.log(logits.shape[1]))).sum(dim=1)


def sample_categorical(logits: Float[Tensor, "*#b k"], uniform: Float[Tensor, "*#b"]) -> Int[Tensor, "*#b"]:
    """Values of that law, by uniform numbers in [0, 1) and its distribution function; the two broadcast.

    >>> sample_categorical(torch.tensor([0.2, 0.0, 0.8]).log(), torch.tensor([0.1, 0.3])).tolist()
    [0, 2]
    """
    reached = logits.softmax(dim=-1).cumsum(dim=-1) <= uniform[..., None]
    return reached.sum(dim=-1).clamp(max=logits.shape[-1] - 1)  # sums of probabilities are rounded


def sample_concrete(
    logits: Float[Tensor, "b k"], uniform: Float[Tensor, "b k"], temperature: float
) -> Float[Tensor, "b k"]:
    """A draw of the Concrete law, which is differentiable: a softmax of logits and Gumbel noise, over the temperature.

    Its greatest entry is at a draw of the categorical law, and it goes to that draw's indicators as the temperature
    goes to 0. Source: Maddison et al. 2017; Jang et al. 2017.

    >>> sample_concrete(torch.zeros(1, 2), torch.tensor([[0.9, 0.1]]), temperature=0.01)
    tensor([[1., 0.]])
    """
    smallest = torch.finfo(uniform.dtype).tiny  # uniform numbers may be 0
    gumbel = -(-uniform.clamp(min=smallest).log()).log()
    return ((logits + gumbel) / temperature).softmax(dim=1)


def enumerated_bound(losses: Float[Tensor, "b k"], logits: Float[Tensor, "b k"]) -> Float[Tensor, " b"]:
    r"""sum_y q(y) (L(y) + log q(y)): a loss whose class y is not known, by all its values, in nats.

    At least -log sum_y exp(-L(y)), which it is where q(y) is proportional to exp(-L(y)).

    Source: Kingma et al. 2014, equation 7.

    >>> losses = torch.tensor([[1.0, 2.0]])
    >>> exact = -losses
    >>> torch.allclose(enumerated_bound(losses, exact), -exact.logsumexp(dim=1))
    True
    """
    log_probabilities = logits.log_softmax(dim=1)
    return (log_probabilities.exp() * (losses + log_probabilities)).sum(dim=1)
