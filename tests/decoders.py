"""Decoders that refuse pictures which a header does not tell of."""

from types import SimpleNamespace

from vlprep.trust import Limits, Trust
from vlprep.video.container import decoder_of


def small_decoders(monkeypatch, pixels):
    """Let decoders refuse frames of more pixels, and nobody else."""

    def decoder(stream, item, threads=1):
        strict = SimpleNamespace(name=item.name, trust=Trust(Limits(frame_pixels=pixels)))
        return decoder_of(stream, strict, threads)

    monkeypatch.setattr("vlprep.video.reader.decoder_of", decoder)
