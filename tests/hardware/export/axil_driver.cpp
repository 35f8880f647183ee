/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of a named bundle, my_axil.h, on the simulated core: prints each beat it reads. */

#include <cstdint>
#include <cstdio>

#include "Vmy_axil.h"

static Vmy_axil *top;

static void tick()
{
    top->aclk = 1;
    top->eval();
    top->aclk = 0;
    top->eval();
}

static uint32_t bus_read(uintptr_t at)
{
    top->s_axil_araddr = (uint8_t)at;
    top->s_axil_arvalid = 1;
    top->s_axil_rready = 1;
    while (!top->s_axil_arready)
        tick();
    tick();
    top->s_axil_arvalid = 0;
    while (!top->s_axil_rvalid)
        tick();
    const uint32_t data = top->s_axil_rdata;
    if (top->s_axil_rresp)
        printf("error at %x\n", (unsigned)at);
    tick();
    return data;
}

static void bus_write(uintptr_t at, uint32_t data)
{
    top->s_axil_awaddr = (uint8_t)at;
    top->s_axil_wdata = data;
    top->s_axil_wstrb = 15;
    top->s_axil_awvalid = top->s_axil_wvalid = top->s_axil_bready = 1;
    while (!top->s_axil_awready || !top->s_axil_wready)
        tick();
    tick();
    top->s_axil_awvalid = top->s_axil_wvalid = 0;
    while (!top->s_axil_bvalid)
        tick();
    if (top->s_axil_bresp)
        printf("error at %x\n", (unsigned)at);
    tick();
}

#define MY_AXIL_READ(base, at) bus_read((base) + (at))
#define MY_AXIL_WRITE(base, at, value) bus_write((base) + (at), (value))
#include "my_axil.h"
#include "my_stream.h"

static void beats(int count)
{
    int32_t word[MY_AXIL_LANES];
    for (int i = 0; i < count; i++) {
#ifdef MY_AXIL_EXPONENT
        printf("beat %d", my_axil_beat(0, word));
#else
        my_axil_beat(0, word);
        printf("beat 0");
#endif
        for (int lane = 0; lane < MY_AXIL_LANES; lane++)
            printf(" %d", word[lane]);
        printf("\n");
    }
}

#ifdef MY_LOADS
static void load(uint32_t epoch)
{
    static uint32_t words[MY_LOADS][MY_LIMBS];
    my_load(MY_SEED, epoch, words);
    my_axil_load(0, words, MY_LOADS);
}
#endif

int main()
{
    top = new Vmy_axil;
    top->aresetn = 0;
    tick();
    tick();
    top->aresetn = 1;
    top->eval();
    printf("check %d\n", my_axil_check(0));
    printf("other %d\n", my_axil_check(128));
    my_axil_to_bus(0, 1);
#ifdef LOADS_AFTER_RESET
    load(0);
#endif
    beats(3);
    my_axil_start(0);
    beats(4);
    my_axil_replay(0);
    beats(5);
#ifdef MY_LOADS
    my_axil_reseed(0);
    load(1);
    beats(4);
#endif
    return 0;
}
