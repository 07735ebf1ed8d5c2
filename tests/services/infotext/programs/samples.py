"""What programs write into their pictures: the same settings in each."""

from __future__ import annotations

import html
import json

GRAPH = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 11,
            "steps": 20,
            "cfg": 7.0,
            "sampler_name": "dpmpp_2m",
            "scheduler": "karras",
            "denoise": 1.0,
            "model": ["10", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15\\some mix.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red fish", "clip": ["11", 0]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": ["12", 0], "clip": ["11", 0]}},
    "10": {
        "class_type": "LoraLoader",
        "inputs": {"lora_name": "big.safetensors", "strength_model": 0.8, "model": ["4", 0]},
    },
    "11": {"class_type": "CLIPSetLastLayer", "inputs": {"stop_at_clip_layer": -2, "clip": ["10", 1]}},
    "12": {"class_type": "String Literal", "inputs": {"string": "(embedding:EasyNegative:1.2), blurry"}},
}
INVOKEAI = {
    "app_version": "4.2.7",
    "generation_mode": "txt2img",
    "positive_prompt": "a red fish",
    "negative_prompt": "<EasyNegative>, blurry",
    "width": 512,
    "height": 768,
    "seed": 11,
    "rand_device": "cpu",
    "cfg_scale": 7.0,
    "steps": 20,
    "scheduler": "dpmpp_2m_k",
    "model": {"key": "1", "hash": "blake3:1", "name": "some mix", "base": "sd-1", "type": "main"},
    "clip_skip": 1,
    "loras": [{"model": {"name": "big"}, "weight": 0.8}],
    "seamless_x": True,
    "controlnets": [],
}
NOVELAI = {
    "prompt": "a red fish",
    "steps": 20,
    "height": 768,
    "width": 512,
    "scale": 7.0,
    "seed": 11,
    "noise_schedule": "karras",
    "sampler": "k_dpmpp_2m",
    "uc": "EasyNegative, blurry",
    "request_type": "PromptGenerateRequest",
    "signed_hash": "x",
}
FOOOCUS = {
    "base_model": "some mix",
    "base_model_hash": "1",
    "prompt": "a red fish",
    "negative_prompt": "EasyNegative, blurry",
    "guidance_scale": 7,
    "resolution": "(512, 768)",
    "sampler": "dpmpp_2m",
    "scheduler": "karras",
    "seed": "11",
    "steps": 20,
    "loras": [["big.safetensors", 0.8, "1"]],
    "clip_skip": 2,
    "styles": "['Fooocus V2']",
    "version": "Fooocus v2.5.0",
}
SWARMUI = {
    "prompt": "a red fish",
    "negativeprompt": "<embed:EasyNegative>, blurry",
    "model": "some mix.safetensors",
    "images": 1,
    "seed": 11,
    "steps": 20,
    "cfgscale": 7.0,
    "aspectratio": "1:1",
    "width": 512,
    "height": 768,
    "sampler": "dpmpp_2m",
    "scheduler": "karras",
    "swarm_version": "0.9.2",
    "loras": ["big"],
    "loraweights": ["0.8"],
    "refinerupscale": 2,
}
TENSORART = {
    "prompt": "a red fish",
    "negativePrompt": "EasyNegative, blurry",
    "width": 512,
    "height": 768,
    "imageCount": 1,
    "samplerName": "DPM++ 2M Karras",
    "steps": 20,
    "cfgScale": 7,
    "seed": "11",
    "clipSkip": 2,
    "baseModel": {"label": "v1", "type": "BASE_MODEL", "modelFileName": "some mix"},
    "models": [{"type": "LORA", "weight": 0.8, "modelFileName": "big"}],
    "sdVae": "Automatic",
}

EASY_DIFFUSION = {
    "prompt": "a red fish",
    "negative_prompt": "EasyNegative, blurry",
    "seed": 11,
    "num_inference_steps": 20,
    "guidance_scale": 7.0,
    "width": 512,
    "height": 768,
    "sampler_name": "dpmpp_2m",
    "use_stable_diffusion_model": "folder/some mix",
    "use_vae_model": "",
    "use_lora_model": ["big"],
    "lora_alpha": [0.8],
    "use_embeddings_model": ["EasyNegative"],
    "clip_skip": True,
    "use_upscale": "RealESRGAN_x4plus",
}
DRAW_THINGS = {
    "c": "a red fish",
    "uc": "EasyNegative, blurry",
    "seed": 11,
    "steps": 20,
    "scale": 7,
    "sampler": "DPM++ 2M Karras",
    "size": "512x768",
    "model": "some mix.ckpt",
    "lora": [{"model": "big.ckpt", "weight": 0.8}],
    "strength": 0.7,
    "v2": {"hiresFix": False},
}
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description><xmp:CreatorTool>Draw Things</xmp:CreatorTool>
<exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></exif:UserComment>
</rdf:Description></rdf:RDF></x:xmpmeta>"""

READ = {
    "ComfyUI": {"prompt": json.dumps(GRAPH), "workflow": '{"nodes": []}'},
    "InvokeAI": {"invokeai_metadata": json.dumps(INVOKEAI)},
    "NovelAI": {
        "Title": "AI generated image",
        "Description": "a red fish",
        "Software": "NovelAI",
        "Source": "some mix",
        "Comment": json.dumps(NOVELAI),
    },
    "Fooocus": {"parameters": json.dumps(FOOOCUS), "fooocus_scheme": "fooocus"},
    "SwarmUI": {"parameters": json.dumps({"sui_image_params": SWARMUI})},
    "TensorArt": {"generation_data": json.dumps(TENSORART) + "\0", "prompt": json.dumps(GRAPH)},
    "Easy Diffusion": {"parameters": json.dumps(EASY_DIFFUSION)},
    "Draw Things": {"XML:com.adobe.xmp": XMP.format(html.escape(json.dumps(DRAW_THINGS)))},
}
#: Easy Diffusion's two ways to write the same into a PNG file: a text for each setting
ONE_TEXT_EACH = [
    {key: str(value) for key, value in EASY_DIFFUSION.items() if key not in ("use_lora_model", "lora_alpha")},
    {
        "Prompt": "a red fish",
        "Negative Prompt": "EasyNegative, blurry",
        "Seed": "11",
        "Steps": "20",
        "Guidance Scale": "7.0",
        "Width": "512",
        "Height": "768",
        "Sampler": "dpmpp_2m",
        "Stable Diffusion model": "some mix",
        "Clip Skip": "True",
    },
]
#: programs that are recognized, but whose format isn't read
NAMED = {
    "ComfyUI": {"workflow": '{"nodes": []}'},
    "InvokeAI": {"Dream": '"a red fish" -s 20', "sd-metadata": "{}"},
    "NovelAI": {"Software": "NovelAI", "Comment": "?"},
    "Fooocus": {"fooocus_scheme": "fooocus", "parameters": "{}"},
    "SwarmUI": {"parameters": '{"sui_image_params": 1}'},
    "Midjourney": {"Description": "a red fish --v 6 Job ID: 1234"},
    "Draw Things": {"Software": "Draw Things"},
}
