"""The tool that makes the shipped schema: it reads the generated JavaScript right, and what it packs can be read."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from giban.graph import provider

TOOL = Path(__file__).parents[2] / "tools" / "make_provider_schema.py"

JAVASCRIPT = """
function thingPartToHclTerraform(struct) {
    const attrs = {
        size: {
            value: cdktn.numberToHclTerraform(struct.size),
            isBlock: false,
            type: "simple",
            storageClassType: "number",
        },
    };
}
class ThingPartOutputReference extends cdktn.ComplexObject {
    // size - computed: false, optional: false, required: true
    _size;
    get size() {
        return this.getNumberAttribute('size');
    }
    // serial - computed: true, optional: false, required: false
    get serial() {
        return cdktn.Fn.tolist(this.getListAttribute('serial'));
    }
}
class ThingPartList extends cdktn.ComplexList {
    get(index) {
        return new ThingPartOutputReference(this.terraformResource, this.terraformAttribute, index, this.wrapsSet);
    }
}
class Thing extends cdktn.TerraformResource {
    static tfResourceType = "aws_thing";
            providerVersion: '1.2.3',
    // name - computed: true, optional: true, required: false
    _name;
    get name() {
        return this.getStringAttribute('name');
    }
    // part - computed: false, optional: true, required: false
    _part = new ThingPartList(this, "part", true);
    get part() {
        return this._part;
    }
    synthesizeHclAttributes() {
        const attrs = {
            name: {
                value: cdktn.stringToHclTerraform(this._name),
                isBlock: false,
                type: "simple",
                storageClassType: "string",
            },
            part: {
                value: cdktn.listMapperHcl(thingPartToHclTerraform, MAPPED)(this._part.internalValue),
                isBlock: true,
                type: "set",
                storageClassType: "ThingPartList",
            },
        };
    }
}
"""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_provider_schema", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("mapped", "code"), [("true", "oBto"), ("false", "oto")])
def test_the_tool_reads_the_generated_javascript(tool: ModuleType, mapped: str, code: str) -> None:
    read = tool.read_code(iter(JAVASCRIPT.replace("MAPPED", mapped).splitlines()))
    assert read.version == "1.2.3"
    assert read.types == {("managed", "aws_thing"): "Thing"}
    tree = tool.Trees(read).of_type("Thing")
    assert tree == {"name": "ds", "part": [code, {"serial": "cts", "size": "rn"}]}


def test_what_the_tool_packs_the_module_reads(tool: ModuleType, tmp_path: Path) -> None:
    modes: dict[str, dict[str, Any]] = {
        "managed": {f"aws_t{n}": {"name": "rs", "part": ["oBlo", {"size": "on"}]} for n in range(20)},
        "data": {"aws_d": {"id": "cs"}},
    }
    packed = tool.pack("1.2.3", modes)
    assert packed == tool.pack("1.2.3", modes)
    (tmp_path / "schema.bin").write_bytes(packed)
    store = provider.Store(str(tmp_path / "schema.bin"))
    assert store.tree("managed", "aws_t7") == modes["managed"]["aws_t7"]
    assert store.tree("data", "aws_d") == {"id": "cs"}
    assert store.tree("data", "aws_t7") is None
    assert store.tree("ephemeral", "aws_t7") is None
