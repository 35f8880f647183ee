"""Mutants of the RTL: what is changed, what is left alone, and in which order they are drawn."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from rtl_edits import EDITS

from pezoexplore.hardware.proof.formal import PROOFS
from pezoexplore.hardware.proof.mutants import mutants_of, quotas, ranked
from pezoexplore.hardware.proof.source_text import replaced, tokens
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
        ("width", "input wire [WIDTH - 1 - 1 : 0] in"),
        ("width", "reg [1 - 1 : 0] count_q"),
        ("negate", "if (!(rst && in[0]))"),
        ("operator", "if (rst || in[0])"),
        ("stuck", "if (1'b0 && in[0])"),
        ("invert", "if (rst && (~in[0]))"),
        ("index", "if (rst && in[1])"),
        ("leave out", ""),
        ("constant", "count_q <= 2'd1"),
        ("constant", "count_q <= 2'd3"),
        ("swap", ".a(count_q == 2'd3 ? in[3 : 2] : in[2 : 1])"),
        ("operator", ".a(count_q != 2'd3 ? in[2 : 1] : in[3 : 2])"),
        ("index", ".a(count_q == 2'd3 ? in[2 + 1 : 1 + 1] : in[3 : 2])"),
        ("index", ".a(count_q == 2'd3 ? in[2 : 1] : in[3 - 1 : 2 - 1])"),
        ("constant", ".WIDTH((WIDTH + 1))"),
    }


def test_what_makes_no_circuit_is_left_alone():
    text = "\n".join(mutant.source for mutant in mutants_of("small.v", MODULE))
    assert not any(word in text for word in ("unused", "keep_hierarchy", "posedge", "MODE"))
    assert ("invert", "count_q <= {2 {(~in[1])}}") in changes(MODULE)
    assert not any(mutant.startswith("count_q <= {3 {") for _, mutant in changes(MODULE))


GUARDED = """\
module small #(parameter WIDTH = 4) (input wire [WIDTH-1:0] in, output wire out);
    localparam LIMIT = 7;
    localparam LAST = WIDTH - 1;
    assign out = in[LAST];
    genvar i;
    generate
        for (i = 0; i < WIDTH; i = i + 1) begin : gen_bit
            if (i == LAST) begin : gen_top
                assign top = in[i];
            end
        end
        for (i = 0; i < LAST; i = i + 1) begin : gen_each
            if (WIDTH == i && LIMIT % i == 0) begin : gen_bad
                small_WIDTH_must_be_another u_error ();
            end
        end
        if (WIDTH > LIMIT) begin : gen_bad_width
            small_WIDTH_must_be_less u_error ();
        end
    endgenerate
endmodule
"""


def test_what_guards_parameters_is_left_alone():
    sources = {mutant.source for mutant in mutants_of("small.v", GUARDED)}
    assert sources == {
        "input wire [WIDTH - 1 : 0] in",
        "localparam LAST = WIDTH - 1",
        "assign out = in[LAST]",
        "for (i = 0; i < WIDTH; i = i + 1)",
        "if (i == LAST)",
        "assign top = in[i]",
    }


def of_kind(operator: str, source: str) -> set[str]:
    return {changed for kind, changed in changes(source) if kind == operator}


def test_each_term_is_dropped_once():
    assert of_kind("drop", "assign y = a && b == 2'd1 && (c || d && !e);") == {
        "assign y = b == 2'd1 && (c || d && !e)",
        "assign y = a && (c || d && !e)",
        "assign y = a && b == 2'd1",
        "assign y = a && b == 2'd1 && (c)",
        "assign y = a && b == 2'd1 && (c || !e)",  # without c or !e: they are stuck at zero
    }
    assert of_kind("drop", "always @* y <= {a[0] || b, !c || d} ? 1'd0 : e && f;") == {
        "y <= {a[0] || b, d} ? 1'd0 : e && f",
        "y <= {a[0] || b, !c || d} ? 1'd0 : f",
        "y <= {a[0] || b, !c || d} ? 1'd0 : e",
    }
    assert of_kind("drop", "initial if (a) f(.x(b >= 2 || c));") == {".x(c)"}


def test_a_later_branch_comes_before_an_earlier_one():
    source = """always @(posedge clk) begin
        if (a) y <= 0; else if (b && c) begin y <= d; end else if (e) y <= f; else y <= g; end"""
    assert of_kind("priority", source) == {
        "if (b && c) begin y <= d; end else if (a) y <= 0;",
        "if (e) y <= f; else if (b && c) begin y <= d; end",
    }
    assert of_kind("priority", "assign y = a ? b : (c && d) ? {e, f} : g ? h : i;") == {
        "assign y = (c && d) ? {e, f} : a ? b : g ? h : i",
        "assign y = a ? b : g ? h : (c && d) ? {e, f} : i",
    }
    for alike in ("if (k == 1) y = a; else if (k == 2) y = b;", "if (a) y = b; else y = c;"):
        assert not of_kind("priority", f"always @* begin {alike} end")


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


def test_a_scope_is_the_module_its_named_blocks_and_the_instance():
    source = """module a; generate if (x) begin : gen_b assign y = z; end endgenerate
        inner #(.P(1)) u_c (.d(e)); assign f = g; function h(input i); h = i; endfunction
        endmodule"""
    scopes = {mutant.source: mutant.scope for mutant in mutants_of("a.v", source)}
    assert scopes["assign y = z"] == "a:gen_b"
    assert scopes[".P(1)"] == scopes[".d(e)"] == "a:u_c"
    assert scopes["assign f = g"] == "a"
    assert scopes["h = i"] == "a:h"


def relaid(source: str) -> str:
    """Return a file with other comments, white space and line breaks."""
    text = re.sub(r"//[^\n]*", "", source)
    for token in reversed(tokens(text)):
        if token.kind == "sign" and token.text not in ("(", "."):
            text = f"{text[: token.end]}  // other words\n\t {text[token.end :]}"
    return f"// SPDX\n\n{text}"


def test_comments_and_layout_change_no_mutant():
    for path in sorted(rtl_dir().iterdir()):
        source = path.read_text(encoding="utf-8")
        first, second = mutants_of(path.name, source), mutants_of(path.name, relaid(source))
        assert [m.identity for m in first] == [m.identity for m in second], path
        assert [m.operator for m in first] == [m.operator for m in second], path


def test_comments_and_layout_change_no_edit():
    edits = [item.edit for proof in PROOFS for item in proof.properties]
    for edit in {(edit.file, edit.old, edit.new) for edit in [*edits, *EDITS.values()]}:
        file, old, new = edit
        source = (rtl_dir() / file).read_text(encoding="utf-8")
        texts = [token.text for token in tokens(replaced(source, old, new))]
        assert [token.text for token in tokens(replaced(relaid(source), old, new))] == texts


def test_a_bit_of_a_long_constant_that_a_list_has_is_a_candidate():
    source = "localparam [63:0] A = 64'h0123456789abcdef;\n"
    flipped = "localparam [63 : 0] A = 64'h0123456789abcdee"
    bits = {f"{0x0123456789ABCDEF ^ 1 << n:016x}" for n in range(64)}
    found = {mutant.mutant.partition("'h")[2] for mutant in mutants_of("t.vh", source)}
    assert len(found & bits) == len(found) == 4
    listed = {m.mutant for m in mutants_of("t.vh", source, listed=[flipped])}
    assert flipped in listed
    assert len(listed - found) in (4, 5)


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
