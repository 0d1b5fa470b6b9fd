"""The references' frame counts and frame numbers in plain Python: the oracle of the kernels."""

import math
import struct


class RefusedError(Exception):
    """The reference gives no usable number of frames."""


def count(total, rate, *, fps, nframes, min_frames, max_frames, default_maximum, reference):
    """Count the frames that `reference` samples; `max_frames` is `None` if the caller set none."""
    chosen = COUNTS[reference](total, rate, fps, nframes, min_frames, max_frames, default_maximum)
    # The guides check against a length of their own, transformers not at all.
    paired = ("qwen-vl-utils", "transformers-qwen2", "vllm-qwen2")
    if reference in paired and not 2 <= chosen <= total:
        raise RefusedError(f"{chosen} of {total}")
    return chosen


def _docs(total, rate, fps, nframes, min_frames, max_frames, default_maximum):
    low = math.ceil(min_frames / 2) * 2
    high = min(default_maximum, total) if max_frames is None else max_frames
    high = math.floor(high / 2) * 2
    duration = total / rate
    if duration - int(duration) > 1 / fps:
        usable = math.ceil(duration * rate)
    else:
        usable = math.ceil(int(duration) * rate)
    chosen = int(min(min(max(usable / rate * fps, low), high), usable))
    if not 2 <= chosen <= usable:
        raise RefusedError(f"{chosen} of {usable}")
    return chosen  # the usable frames may be one more than there are


def _qwen_vl_utils(total, rate, fps, nframes, min_frames, max_frames, default_maximum):
    if nframes is not None:
        return round(nframes / 2) * 2
    low = math.ceil(min_frames / 2) * 2
    high = min(default_maximum, total) if max_frames is None else max_frames
    high = math.floor(high / 2) * 2
    wanted = total / rate * fps
    return math.floor(min(min(max(wanted, low), high), total) / 2) * 2


def _transformers_qwen2(total, rate, fps, nframes, min_frames, max_frames, default_maximum):
    if nframes is not None:
        return round(nframes / 2) * 2
    maximum = default_maximum if max_frames is None else max_frames
    high = math.floor(min(maximum, total) / 2) * 2
    wanted = total / rate * fps
    return math.floor(min(max(wanted, min_frames), high, total) / 2) * 2


def _vllm_qwen2(total, rate, *asked):
    """Count the steps of torch.arange(0, total, total / n), which may be one more than n."""
    n = _transformers_qwen2(total, rate, *asked)
    return math.ceil(total / (total / n)) if n and total else n


def _vllm_number(total, rate, fps, nframes, *bounds):
    if nframes is not None:
        return min(nframes, total)
    return min(max(math.floor(total / rate * fps), 1), total)


def _transformers(total, rate, fps, nframes, min_frames, max_frames, default_maximum):
    if nframes is not None:
        return nframes
    maximum = default_maximum if max_frames is None else max_frames
    return min(max(int(total / rate * fps), min_frames), maximum, total)


COUNTS = {
    "docs": _docs,
    "qwen-vl-utils": _qwen_vl_utils,
    "transformers-qwen2": _transformers_qwen2,
    "transformers": _transformers,
    "vllm-qwen2": _vllm_qwen2,
    "vllm-number": _vllm_number,
}


def linspace(first, last, frames):
    if frames == 1:
        return [first]
    step = (last - first) / (frames - 1)
    numbers = [round(first + k * step) for k in range(frames)]
    numbers[-1] = last
    return numbers


def linspace_float32(first, last, frames):
    """Spread as torch does: a step in single precision, the second half counted from the end."""
    if frames == 1:
        return [first]
    step = _single(_single(last - first) / _single(frames - 1))
    ahead = [_single(first + step * k) for k in range(frames // 2)]
    back = [_single(last - step * (frames - 1 - k)) for k in range(frames // 2, frames)]
    return [round(number) for number in ahead + back]


def arange(first, last, frames):
    step = (last - first + 1) / frames
    return [min(math.floor(_single(first + k * step)), last) for k in range(frames)]


def linspace_cut(first, last, frames):
    if frames == 1:
        return [first]
    step = (last - first) / (frames - 1)
    return [*(math.floor(first + k * step) for k in range(frames - 1)), last]


def arange_even(first, last, frames):
    step = (last - first + 1) / max(frames // 2 * 2, 1)
    return [min(math.floor(_single(first + k * step)), last) for k in range(frames)]


SPREADS = {
    "linspace": linspace,
    "linspace-cut": linspace_cut,
    "linspace-float32": linspace_float32,
    "arange": arange,
    "arange-even": arange_even,
}


def _single(number):
    return struct.unpack("f", struct.pack("f", number))[0]
