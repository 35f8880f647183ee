// SPDX-License-Identifier: Apache-2.0
//
// Plays a list of operations on a perturbation engine and writes down all that it answers.
//
// ops.hex has an operation a line: kind, byte strobes, address (two digits) and data (eight).
//   0 write a register: `w RESPONSE`          1 read a register: `r RESPONSE DATA`
//   2 read until the bits of data are zero    3 read until the bits of data are one
//   4 send so many beats of beats.hex, TLAST with the last, and take beats until TLAST comes out:
//     `b LAST DATA` each, then `t CLOCKS` from the first beat in to the last one out
//   5 the same without end, for data[31:16] clocks of data[15:0] beats, then reset for as many
//     clocks as the strobes say: `c BEATS OUT`
//   6 hold reset for so many clocks           7 back-pressure: 1 on, 0 off
//     In the first clock of a reset what is offered is offered still, as by any register.
//   8 the next two operations, two writes or two reads, at once: the second is offered as soon as
//     the first is accepted, so before its response is there
//   9 offer a write address (data[0]), write data (data[1]), a read address (data[2]), take no
//     response for data[31:16] clocks, then reset for a clock
//   10 send data[15:0] beats, TLAST with the last, take data[31:16] beats and no more until the next 4
//   11 offer the first of the data[15:0] beats of a later 4 for data[31:16] clocks, and on
// What a register port has accepted changes at once: addresses and data turn into their inverse.
// Back-pressure comes from pressure.hex, a line a clock, over and over: a valid or ready signal of
// ours may rise when its bit is one. `! ...` is a broken rule of the protocol, or an operation that
// does not end. The bench sets op_count and beat_count and raises `go`; `idle` rises when the trace
// is complete. Defines: DATA_BITS; OPS, BEATS and PRESSURES, the most that the files may
// hold; PATIENCE, the clocks that an operation may take.

`resetall
`timescale 1ns/1ps
`default_nettype none

module engine_harness;

    reg go = 1'b0;
    reg idle = 1'b1;
    integer op_count = 0;
    integer beat_count = 0;

    reg [47:0]           ops [0:`OPS-1];
    reg [`DATA_BITS-1:0] beats [0:`BEATS-1];
    reg [6:0]            pressures [0:`PRESSURES-1];

    reg        clk = 1'b0;
    reg        aresetn = 1'b0;
    reg [7:0]  awaddr = 0;
    reg        awvalid = 0;
    wire       awready;
    reg [31:0] wdata = 0;
    reg [3:0]  wstrb = 0;
    reg        wvalid = 0;
    wire       wready;
    wire [1:0] bresp;
    wire       bvalid;
    reg        bready = 0;
    reg [7:0]  araddr = 0;
    reg        arvalid = 0;
    wire       arready;
    wire [31:0] rdata;
    wire [1:0] rresp;
    wire       rvalid;
    reg        rready = 0;
    reg [`DATA_BITS-1:0] s_tdata = 0;
    reg        s_tvalid = 0;
    wire       s_tready;
    reg        s_tlast = 0;
    wire [`DATA_BITS-1:0] m_tdata;
    wire       m_tvalid;
    reg        m_tready = 0;
    wire       m_tlast;

    pezo_engine u_top (
        .aclk(clk), .aresetn(aresetn),
        .s_axil_awaddr(awaddr), .s_axil_awprot(awaddr[2:0]), .s_axil_awvalid(awvalid),
        .s_axil_awready(awready), .s_axil_wdata(wdata), .s_axil_wstrb(wstrb),
        .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_bresp(bresp),
        .s_axil_bvalid(bvalid), .s_axil_bready(bready), .s_axil_araddr(araddr),
        .s_axil_arprot(araddr[2:0]), .s_axil_arvalid(arvalid), .s_axil_arready(arready),
        .s_axil_rdata(rdata), .s_axil_rresp(rresp), .s_axil_rvalid(rvalid),
        .s_axil_rready(rready), .s_axis_tdata(s_tdata), .s_axis_tvalid(s_tvalid),
        .s_axis_tready(s_tready), .s_axis_tlast(s_tlast), .m_axis_tdata(m_tdata),
        .m_axis_tvalid(m_tvalid), .m_axis_tready(m_tready), .m_axis_tlast(m_tlast)
    );

    integer trace;
    integer op;
    integer clocks;
    integer place = 0;       // in pressures
    integer pointer = 0;     // first beat of the operation
    integer sent = 0;
    integer to_send = 0;
    integer received = 0;
    reg     offered = 0;     // the first beat has been offered, or even taken
    reg     streaming = 0;   // operation 4 or 5: what was offered comes out in these alone
    reg     endless = 0;     // no TLAST
    reg     last_seen = 0;
    reg     pressure = 0;
    reg     aw_wanted = 0;
    reg     w_wanted = 0;
    reg     ar_wanted = 0;
    reg     answered = 0;
    integer first_in = 0;
    integer last_out = 0;
    integer now = 0;
    integer begun = 0;       // the operation
    reg     stuck = 0;       // it exceeds PATIENCE
    reg [6:0] allow = 7'h7f;
    reg     held = 0;        // m_axis was stalled at the clock before
    reg [`DATA_BITS:0] held_beat = 0;
    reg     b_held = 0;      // and the same of the responses
    reg [1:0]  held_b = 0;
    reg     r_held = 0;
    reg [33:0] held_r = 0;
    reg     deaf = 0;        // takes no response
    reg     mute = 0;        // takes no beat but to_take
    integer to_take = 0;
    integer answers = 0;
    integer aw_left = 0;
    integer w_left = 0;
    integer ar_left = 0;

    reg s_hand;
    reg m_hand;
    reg aw_hand;
    reg w_hand;
    reg b_hand;
    reg ar_hand;
    reg r_hand;
    reg [33:0] found = 0;

    // One clock: sample before the rising edge, drive after it. No delay is zero: under Verilator
    // 5.048 an aresetn that falls after #0 reaches registers with an asynchronous reset only after
    // the sample.
    task tick;
        begin
            #4;
            s_hand = aresetn && s_tvalid && s_tready === 1'b1;
            m_hand = aresetn && m_tvalid === 1'b1 && m_tready;
            aw_hand = aresetn && awvalid && awready === 1'b1;
            w_hand = aresetn && wvalid && wready === 1'b1;
            b_hand = aresetn && bvalid === 1'b1 && bready;
            ar_hand = aresetn && arvalid && arready === 1'b1;
            r_hand = aresetn && rvalid === 1'b1 && rready;
            if (held && aresetn && (m_tvalid !== 1'b1 || {m_tlast, m_tdata} !== held_beat))
                $fwrite(trace, "! m_axis changed while it was stalled\n");
            if (!aresetn && now > 1 && (m_tvalid !== 1'b0 || bvalid !== 1'b0 || rvalid !== 1'b0)
                    && clocks > 1)
                $fwrite(trace, "! valid in reset\n");
            if (!aresetn && (awready !== 1'b0 || wready !== 1'b0 || arready !== 1'b0))
                $fwrite(trace, "! ready in reset\n");
            if (b_held && aresetn && (bvalid !== 1'b1 || bresp !== held_b)
                    || r_held && aresetn && (rvalid !== 1'b1 || {rresp, rdata} !== held_r))
                $fwrite(trace, "! a response changed while it was stalled\n");
            b_held = aresetn && bvalid === 1'b1 && !bready;
            held_b = bresp;
            r_held = aresetn && rvalid === 1'b1 && !rready;
            held_r = {rresp, rdata};
            held = aresetn && m_tvalid === 1'b1 && !m_tready;
            held_beat = {m_tlast, m_tdata};
            if (m_hand) begin
                $fwrite(trace, "b %b %h\n", m_tlast, m_tdata);
                received = received + 1;
                last_seen = last_seen || m_tlast;
                last_out = now;
            end
            if (s_hand && sent == 0)
                first_in = now;
            if (b_hand)
                found = {bresp, 32'b0};
            if (r_hand)
                found = {rresp, rdata};
            #1 clk = 1'b1;
            #1;
            now = now + 1;
            stuck = now - begun > `PATIENCE;
            place = (place + 1 == `PRESSURES) ? 0 : place + 1;
            allow = pressure ? pressures[place] : 7'h7f;
            if (s_hand) begin
                sent = sent + 1;
                s_tvalid = 1'b0;
            end
            if (!s_tvalid && sent < to_send && allow[0]) begin
                s_tvalid = 1'b1;
                s_tdata = beats[pointer + sent];
                s_tlast = !endless && sent + 1 == to_send;
            end
            m_tready = allow[1] && (!mute || received < to_take) && (!offered || streaming);
            if (aw_hand) begin
                awvalid = 1'b0;
                awaddr = ~awaddr;
            end else if (aw_wanted && allow[2]) begin
                awvalid = 1'b1;
                aw_wanted = 1'b0;
            end
            if (w_hand) begin
                wvalid = 1'b0;
                wdata = ~wdata;
                wstrb = ~wstrb;
            end else if (w_wanted && allow[3]) begin
                wvalid = 1'b1;
                w_wanted = 1'b0;
            end
            bready = allow[4] && !deaf;
            if (ar_hand) begin
                arvalid = 1'b0;
                araddr = ~araddr;
            end else if (ar_wanted && allow[5]) begin
                arvalid = 1'b1;
                ar_wanted = 1'b0;
            end
            rready = allow[6] && !deaf;
            answered = answered || b_hand || r_hand;
            #4 clk = 1'b0;
        end
    endtask

    task write;
        begin
            awaddr = ops[op][39:32];
            wdata = ops[op][31:0];
            wstrb = ops[op][43:40];
            aw_wanted = 1'b1;
            w_wanted = 1'b1;
            answered = 1'b0;
            while (!answered && !stuck)
                tick;
        end
    endtask

    task read;
        begin
            araddr = ops[op][39:32];
            ar_wanted = 1'b1;
            answered = 1'b0;
            while (!answered && !stuck)
                tick;
        end
    endtask

    // Two operations at once; `op` is the first of them, then the second.
    task pair;
        begin
            op = op + 1;
            answers = 0;
            aw_left = ops[op][44] ? 0 : 2;
            w_left = aw_left;
            ar_left = 2 - aw_left;
            while (answers < 2 && !stuck) begin
                if (aw_left > 0 && !awvalid && !aw_wanted) begin
                    awaddr = ops[op+2-aw_left][39:32];
                    aw_wanted = 1'b1;
                    aw_left = aw_left - 1;
                end
                if (w_left > 0 && !wvalid && !w_wanted) begin
                    wdata = ops[op+2-w_left][31:0];
                    wstrb = ops[op+2-w_left][43:40];
                    w_wanted = 1'b1;
                    w_left = w_left - 1;
                end
                if (ar_left > 0 && !arvalid && !ar_wanted) begin
                    araddr = ops[op+2-ar_left][39:32];
                    ar_wanted = 1'b1;
                    ar_left = ar_left - 1;
                end
                tick;
                if (b_hand)
                    $fwrite(trace, "w %h\n", found[33:32]);
                if (r_hand)
                    $fwrite(trace, "r %h %h\n", found[33:32], found[31:0]);
                if (b_hand || r_hand)
                    answers = answers + 1;
            end
            op = op + 1;
        end
    endtask

    task abandon;
        begin
            awaddr = ops[op][39:32];
            araddr = ops[op][39:32];
            wdata = ops[op][15:0];
            wstrb = ops[op][43:40];
            aw_wanted = ops[op][0];
            w_wanted = ops[op][1];
            ar_wanted = ops[op][2];
            deaf = 1'b1;
            for (clocks = 0; clocks < ops[op][31:16]; clocks = clocks + 1)
                tick;
            reset(1);
            deaf = 1'b0;
        end
    endtask

    task stream;
        begin
            sent = offered ? sent : 0;
            received = 0;
            last_seen = 1'b0;
            clocks = 0;
            streaming = 1'b1;
            to_send = endless ? {16'b0, ops[op][15:0]} : ops[op][31:0];
            offered = offered && to_send == 0;
            while (endless ? clocks < ops[op][31:16] : !last_seen && !stuck) begin
                tick;
                clocks = clocks + 1;
            end
            streaming = 1'b0;
            pointer = pointer + to_send;
            to_send = 0;
        end
    endtask

    task send;
        begin
            mute = 1'b1;
            sent = 0;
            received = 0;
            to_send = {16'b0, ops[op][15:0]};
            to_take = {16'b0, ops[op][31:16]};
            while ((sent < to_send || received < to_take) && !stuck)
                tick;
            pointer = pointer + to_send;
            to_send = 0;
        end
    endtask

    task offer;
        begin
            sent = 0;
            to_send = {16'b0, ops[op][15:0]};
            offered = 1'b1;
            for (clocks = 0; clocks < ops[op][31:16]; clocks = clocks + 1)
                tick;
            to_send = 0;
        end
    endtask

    task reset;
        input integer length;
        begin
            aresetn = 1'b0;
            offered = 1'b0;
            aw_wanted = 1'b0;
            w_wanted = 1'b0;
            ar_wanted = 1'b0;
            for (clocks = 0; clocks < length; clocks = clocks + 1) begin
                tick;
                s_tvalid = 1'b0;
                awvalid = 1'b0;
                wvalid = 1'b0;
                arvalid = 1'b0;
            end
            aresetn = 1'b1;
        end
    endtask

    always @(posedge go) begin
        idle = 1'b0;
        $readmemh("ops.hex", ops, 0, op_count - 1);
        if (beat_count > 0)
            $readmemh("beats.hex", beats, 0, beat_count - 1);
        $readmemh("pressure.hex", pressures);
        trace = $fopen("trace.txt", "w");
        pointer = 0;
        for (op = 0; op < op_count; op = op + 1) begin
            begun = now;
            stuck = 1'b0;
            case (ops[op][47:44])
                4'd0: begin
                    write;
                    $fwrite(trace, "w %h\n", found[33:32]);
                end
                4'd1: begin
                    read;
                    $fwrite(trace, "r %h %h\n", found[33:32], found[31:0]);
                end
                4'd2: begin
                    read;
                    while ((found[31:0] & ops[op][31:0]) != 0 && !stuck)
                        read;
                end
                4'd3: begin
                    read;
                    while ((found[31:0] & ops[op][31:0]) != ops[op][31:0] && !stuck)
                        read;
                end
                4'd4: begin
                    endless = 1'b0;
                    mute = 1'b0;
                    stream;
                    $fwrite(trace, "t %0d\n", last_out - first_in);
                end
                4'd5: begin
                    endless = 1'b1;
                    stream;
                    $fwrite(trace, "c %0d\n", received);
                    reset({28'b0, ops[op][43:40]});
                end
                4'd6:
                    reset(ops[op][31:0]);
                4'd8:
                    pair;
                4'd9:
                    abandon;
                4'd10: begin
                    endless = 1'b0;
                    send;
                end
                4'd11: begin
                    endless = 1'b0;
                    offer;
                end
                default:
                    pressure = ops[op][0];
            endcase
            if (stuck) begin
                $fwrite(trace, "! operation %0d does not end\n", op);
                op = op_count;
            end
        end
        $fclose(trace);
        idle = 1'b1;
    end

endmodule

`resetall
