"""ComfyUI's prompt graph: nodes by their ids, with inputs that are values or `[id, output]` of another node.

Reads graphs that have a sampler at their centre, with plain prompts, whatever lies between. Nodes that it passes but knows
nothing about are listed by their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.infotext.programs.translation import Translation, file_name

Node = Mapping[str, object]
Graph = Mapping[str, Node]

_SAMPLERS = ("KSampler", "KSamplerAdvanced", "SamplerCustom")
#: nodes whose effect is read here, or that have none on how the picture looks
_READ = frozenset(
    {
        *_SAMPLERS,
        "CLIPTextEncode",
        "CLIPTextEncodeSDXL",
        "CheckpointLoaderSimple",
        "CheckpointLoader",
        "UNETLoader",
        "EmptyLatentImage",
        "EmptySD3LatentImage",
        "CLIPSetLastLayer",
        "LoraLoader",
        "LoraLoaderModelOnly",
        "VAEDecode",
        "SaveImage",
        "PreviewImage",
        "Note",
        "PrimitiveNode",
        "Reroute",
    }
)
#: of a graph that are looked at, and nodes on the way from one to its prompt or model; people's graphs have some 5 and 30
_MAX_SAMPLERS, _MAX_NODES = 20, 200
#: inputs that lead from one node to the one before it
_MODEL, _LATENT, _CLIP = ("model",), ("latent_image", "samples", "latent"), ("clip",)
_TEXTS = ("text", "text_g", "text_l", "string", "value", "prompt", "positive", "negative")
_CONDITIONS = ("conditioning", "conditioning_1", "conditioning_2", "conditioning_to", "conditioning_from")


def read_graph(value: Mapping[str, object]) -> Translation | None:
    """None if there's no sampler whose inputs are understood."""
    graph = {str(key): node for key, node in value.items() if isinstance(node, dict) and "class_type" in node}
    samplers = [key for key, node in graph.items() if _is_sampler(node)][:_MAX_SAMPLERS]
    if not samplers:
        return None
    # a second sampler refines what the first, which starts from nothing, has drawn
    first = next(
        (key for key in samplers if not any(_is_sampler(node) for node in _before(graph, key, _LATENT))), samplers[0]
    )
    made = Translation(prompt=_prompt(graph, first, "positive"), negative=_prompt(graph, first, "negative"))
    _read_sampler(graph, graph[first], made)
    _read_model(graph, first, made)
    _read_latent(graph, first, made)
    others = sorted({str(node["class_type"]) for node in graph.values()} - _READ)
    if others:
        made.others["ComfyUI nodes"] = ", ".join(others)
    if len(samplers) > 1:
        made.others["Samplers after the first"] = len(samplers) - 1
    return made


def _read_sampler(graph: Graph, sampler: Node, made: Translation) -> None:
    made.pairs["Steps"] = _value(graph, sampler, "steps")
    made.set_sampler(_value(graph, sampler, "sampler_name"), _value(graph, sampler, "scheduler"))
    made.pairs["CFG scale"] = _value(graph, sampler, "cfg")
    seed = _value(graph, sampler, "seed")
    made.pairs["Seed"] = _value(graph, sampler, "noise_seed") if seed is None else seed
    denoise = _value(graph, sampler, "denoise")
    if isinstance(denoise, (int, float)) and denoise < 1:
        made.others["Denoising strength"] = denoise


def _read_model(graph: Graph, sampler: str, made: Translation) -> None:
    for node in _before(graph, sampler, _MODEL):
        if isinstance(name := _value(graph, node, "lora_name"), str):
            made.loras[file_name(name)] = _value(graph, node, "strength_model") or 1
        name = _value(graph, node, "ckpt_name") or _value(graph, node, "unet_name")
        if isinstance(name, str):
            made.pairs["Model"] = file_name(name)
    for encoder in _before(graph, sampler, ("positive",)):
        for node in _nodes(graph, _inputs(encoder), _CLIP):
            if isinstance(layer := _value(graph, node, "stop_at_clip_layer"), int) and layer < -1:
                made.pairs["Clip skip"] = -layer


def _read_latent(graph: Graph, sampler: str, made: Translation) -> None:
    for node in _before(graph, sampler, _LATENT):
        width, height = _value(graph, node, "width"), _value(graph, node, "height")
        if isinstance(width, int) and isinstance(height, int):
            made.pairs["Size"] = f"{width}x{height}"


def _prompt(graph: Graph, sampler: str, side: str) -> str:
    """All texts on the way to a sampler's input, in the order of the inputs, each once."""
    texts: dict[str, None] = {}
    for node in _nodes(graph, _inputs(graph[sampler]), (side,), then=(side, *_CONDITIONS)):
        for name in ("text", "text_g", "text_l", "prompt", side):
            if isinstance(text := _value(graph, node, name), str) and text.strip():
                texts.setdefault(text.strip())
    return ", ".join(texts)


def _before(graph: Graph, start: str, names: tuple[str, ...]) -> Iterator[Node]:
    return _nodes(graph, _inputs(graph[start]), names)


def _nodes(
    graph: Graph, inputs: Mapping[str, object], names: tuple[str, ...], *, then: tuple[str, ...] = ()
) -> Iterator[Node]:
    """The nodes that are reached by inputs of these names, then by those or `then`, each once."""
    seen: set[str] = set()
    waiting = [link for name in reversed(names) if (link := _link(inputs.get(name)))]
    while waiting and len(seen) < _MAX_NODES:
        key = waiting.pop()
        if key in seen or key not in graph:
            continue
        seen.add(key)
        yield graph[key]
        own = _inputs(graph[key])
        waiting += [link for name in reversed(then or names) if (link := _link(own.get(name)))]


def _value(graph: Graph, node: Node, name: str) -> object:
    """A number or text of a node, followed through nodes that do nothing but hold one."""
    value = _inputs(node).get(name)
    for _ in range(5):
        if (key := _link(value)) is None:
            return None if isinstance(value, (list, dict)) else value
        held = _inputs(graph.get(key, {}))
        value = next((held[own] for own in (name, "seed", "value", *_TEXTS, "int", "float") if own in held), None)
    return None


def _is_sampler(node: Node) -> bool:
    return str(node["class_type"]) in _SAMPLERS


def _inputs(node: Node) -> Mapping[str, object]:
    inputs = node.get("inputs")
    return inputs if isinstance(inputs, dict) else {}


def _link(value: object) -> str | None:
    """The id of the node that an input is linked to."""
    return str(value[0]) if isinstance(value, list) and len(value) == 2 and isinstance(value[0], (str, int)) else None
