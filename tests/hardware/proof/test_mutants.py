"""Mutants of the RTL: what is changed, what is left alone, and in which order they are drawn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.hardware.proof.mutants import mutants_of, quotas, ranked
from pezoexplore.paths import rtl_dir

MODULE = """\
`default_nettype none
(* keep_hierarchy *)
module small #(
    parameter WIDTH = 4,  // 1 and more
    parameter MODE = 0    // 0 or 1
) (
    input  wire [WIDTH-1:0] in,
    output wire             out
);

    reg [1:0] count_q;
    wire unused = &{1'b0, in};

    always @(posedge clk) begin
        if (rst && in[0])
            count_q <= 2'd0;
        else
            count_q <= {2{in[1]}};  // both
    end

    inner #(.WIDTH(WIDTH)) u_inner (.a(count_q == 2'd3 ? in[2:1] : in[3:2]), .b(out));

endmodule
"""


def changes(source: str, **options) -> set[tuple[str, str]]:
    return {(mutant.operator, mutant.mutant) for mutant in mutants_of("small.v", source, **options)}


def test_each_kind_of_change_is_made():
    assert changes(MODULE) >= {
        ("width", "input wire [WIDTH-1-1:0] in,"),
        ("width", "reg [1-1:0] count_q;"),
        ("negate", "if (!(rst && in[0]))"),
        ("operator", "if (rst || in[0])"),
        ("stuck", "if (1'b0 && in[0])"),
        ("invert", "if (rst && (~in[0]))"),
        ("index", "if (rst && in[1])"),
        ("leave out", ";"),
        ("constant", "count_q <= 2'd1;"),
        ("constant", "count_q <= 2'd3;"),
    }
    last = "inner #(.WIDTH(WIDTH)) u_inner (.a(count_q == 2'd3 ? in[2:1] : in[3:2]), .b(out));"
    assert changes(MODULE) >= {
        ("swap", last.replace("in[2:1] : in[3:2]", "in[3:2] : in[2:1]")),
        ("operator", last.replace("==", "!=")),
        ("index", last.replace("in[2:1]", "in[2+1:1+1]")),
        ("index", last.replace("in[3:2]", "in[3-1:2-1]")),
        ("constant", last.replace("(WIDTH)", "((WIDTH + 1))")),
    }


def test_what_makes_no_circuit_is_left_alone():
    text = "\n".join(mutant.source for mutant in mutants_of("small.v", MODULE))
    assert not any(word in text for word in ("unused", "keep_hierarchy", "posedge", "MODE"))
    assert ("invert", "count_q <= {2{(~in[1])}};") in changes(MODULE)
    assert not any(mutant.startswith("count_q <= {3{") for _, mutant in changes(MODULE))


def test_a_default_is_changed_where_an_instance_takes_it():
    assert ("constant", "parameter MODE = 1") in changes(MODULE, defaults=["MODE"])


def test_every_file_gives_mutants_of_one_place_each():
    for path in sorted(rtl_dir().iterdir()):
        source = path.read_text(encoding="utf-8")
        mutants = mutants_of(path.name, source)
        assert len({mutant.identity for mutant in mutants}) == len(mutants) >= 2, path
        for mutant in mutants:
            changed = mutant.apply(source)
            assert changed != source
            assert changed.startswith(source[: mutant.start])
            assert changed.endswith(source[mutant.end :])
            assert changed.count("\n") == source.count("\n")


def test_an_edit_of_one_line_leaves_the_others_in_their_order():
    edited = MODULE.replace("// both", "").replace("MODE = 0", "MODE = 1").replace("rst &&", "")
    first, second = (
        [mutant.identity for mutant in ranked(mutants_of("small.v", source), seed=3)]
        for source in (MODULE, edited)
    )
    common = set(first) & set(second)
    assert len(common) > 20
    assert [i for i in first if i in common] == [i for i in second if i in common]
    assert first != [mutant.identity for mutant in ranked(mutants_of("small.v", MODULE), seed=4)]


@given(
    st.dictionaries(st.sampled_from([f"{n}.v" for n in range(9)]), st.integers(1, 99), min_size=1),
    st.integers(1, 900),
)
def test_quotas_add_up_and_favour_no_file(counts, total):
    found = quotas(counts, total)
    assert sum(found.values()) == min(total, sum(counts.values()))
    assert all(0 <= found[file] <= count for file, count in counts.items())
    least = min(8, total // len(counts))
    assert all(found[file] >= min(least, count) for file, count in counts.items())


def test_a_table_gives_no_more_than_a_few():
    assert quotas({"a.v": 500, "a_table.vh": 500}, 100) == {"a.v": 92, "a_table.vh": 8}
