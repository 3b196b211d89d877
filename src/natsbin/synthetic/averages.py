"""The arithmetic behind every average of NATS-Bench: running averages over float32 results of batches of 256.

Such an average adds ``result * samples`` of each batch in double precision and divides by the samples at the end.
The functions here produce such averages without walking through the batches, yet from the same numbers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from natsbin.spaces import BATCH_SIZE

Floats = npt.NDArray[np.float64]

LOSS_SPREAD = 0.06  # standard deviation of a full batch's loss around the mean, relative
FLOAT32_BITS = 23  # of the stored mantissa


def accuracies(fraction: Floats, samples: int, rng: np.random.Generator) -> Floats:
    """Accuracies in percent of runs that get ``fraction`` of ``samples`` right (any shape).

    Full batches hold exact multiples of 100/256, so their sum is exact; what the last batch of ``b`` samples
    adds is rounded in float32, so it matters how many (``k``) of the correct samples (``total``) are in it.
    """
    last = samples % BATCH_SIZE
    total = np.clip(np.rint(fraction * samples), 0, samples)
    spread = np.sqrt(last * fraction * (1.0 - fraction))
    k = np.rint(last * fraction + spread * rng.standard_normal(fraction.shape))
    k = np.clip(k, np.maximum(total - (samples - last), 0), np.minimum(total, last))
    batch_accuracy = k.astype(np.float32) * np.float32(100.0 / last)
    sums: Floats = 100.0 * (total - k) + batch_accuracy.astype(np.float64) * last
    return sums / samples


def losses(mean: Floats, samples: int, rng: np.random.Generator) -> Floats:
    """Average losses near ``mean`` (positive, any shape) of runs over ``samples``.

    Equal in distribution to adding up the batches: the sum of many float32 numbers is a multiple of the unit
    in the last place of the smallest of them, and any such multiple near the mean is as likely as its
    neighbours. So the smallest batch loss is drawn, then the sum on its grid; the last batch's loss, which is
    multiplied by an odd number of samples instead of 256, is drawn as the float32 that it is. All sums
    stay under 53 bits, so doubles hold them exactly, as they do in training.
    """
    batches, last = divmod(samples, BATCH_SIZE)
    extreme = np.sqrt(2.0 * np.log(batches))  # of that many normal numbers, with Gumbel noise
    deviations = rng.standard_normal((2, *mean.shape))
    smallest = mean * (1.0 - LOSS_SPREAD * (extreme + rng.gumbel(size=mean.shape) / extreme))
    grid = np.exp2(np.floor(np.log2(np.maximum(smallest, mean / 16))) - FLOAT32_BITS)
    full = np.rint(mean * batches * (1.0 + LOSS_SPREAD / np.sqrt(batches) * deviations[0]) / grid) * grid
    last_spread = LOSS_SPREAD * np.sqrt(BATCH_SIZE / last)
    last_loss = (mean * np.maximum(1.0 + last_spread * deviations[1], 1 / 16)).astype(np.float32)
    sums: Floats = full * BATCH_SIZE + last_loss.astype(np.float64) * last
    return sums / samples
