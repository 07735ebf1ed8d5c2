"""The judge is right about pictures that it has never seen."""

from __future__ import annotations

import random
from pathlib import Path

from diffusers import AutoencoderKL

from demo.judge import Judge, labelled, load_judge, save_judge, through, train_judge, verify

VAE = Path(__file__).parents[2] / "demo" / "checkpoint" / "vae"


def test_it_knows_drawn_pictures_and_those_from_the_autoencoder(judge: Judge):
    pictures, labels = labelled(160, random.Random("tests"), strength=1.0)
    autoencoder = AutoencoderKL.from_pretrained(VAE).eval()
    for seen in (pictures, through(autoencoder, pictures)):
        reliability = verify(judge, seen, labels)
        assert reliability.recall > 0.98
        assert reliability.precision > 0.96
        assert reliability.shape > 0.96
        assert reliability.colour > 0.96


def test_it_sees_the_trace_that_is_left_of_an_artifact(judge: Judge):
    pictures, labels = labelled(160, random.Random("traces"), strength=0.5)
    assert verify(judge, pictures, labels).recall > 0.85


def test_it_is_trained_and_kept_in_a_file(tmp_path: Path):
    """On so few pictures it learns little; enough to tell that it learns."""
    autoencoder = AutoencoderKL.from_pretrained(VAE).eval()
    pictures, labels = labelled(120, random.Random("tests"), strength=1.0)
    trained = train_judge(autoencoder, pictures=192, epochs=6)
    save_judge(trained, tmp_path / "judge.safetensors")
    kept = verify(load_judge(tmp_path / "judge.safetensors"), pictures, labels)
    untrained = verify(Judge().eval(), pictures, labels)
    assert kept.recall > 0.6
    assert kept.recall + kept.precision > untrained.recall + untrained.precision + 0.2
