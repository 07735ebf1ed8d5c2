"""The judge is right about pictures that it wasn't trained on."""

from __future__ import annotations

import random
from pathlib import Path

from diffusers import AutoencoderKL

from demo.judge import Judge, evaluate, labelled_pictures, load_judge, reconstruct, save_judge, train_judge

VAE = Path(__file__).parents[2] / "demo" / "checkpoint" / "vae"


def test_it_classifies_pictures_as_drawn_and_from_the_autoencoder(judge: Judge):
    pictures, labels = labelled_pictures(160, random.Random("tests"), strength=1.0)
    autoencoder = AutoencoderKL.from_pretrained(VAE).eval()
    for seen in (pictures, reconstruct(autoencoder, pictures)):
        reliability = evaluate(judge, seen, labels)
        assert reliability.recall > 0.98
        assert reliability.precision > 0.96
        assert reliability.shape > 0.96
        assert reliability.colour > 0.96


def test_it_sees_the_trace_of_an_artifact(judge: Judge):
    pictures, labels = labelled_pictures(160, random.Random("traces"), strength=0.5)
    assert evaluate(judge, pictures, labels).recall > 0.85


def test_it_can_be_trained_and_saved(tmp_path: Path):
    """On so few pictures it learns little, but enough to tell it from an untrained one."""
    autoencoder = AutoencoderKL.from_pretrained(VAE).eval()
    pictures, labels = labelled_pictures(120, random.Random("tests"), strength=1.0)
    trained = train_judge(autoencoder, pictures=192, epochs=6)
    save_judge(trained, tmp_path / "judge.safetensors")
    kept = evaluate(load_judge(tmp_path / "judge.safetensors"), pictures, labels)
    untrained = evaluate(Judge().eval(), pictures, labels)
    assert kept.recall > 0.6
    assert kept.recall + kept.precision > untrained.recall + untrained.precision + 0.2
