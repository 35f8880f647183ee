# SPDX-License-Identifier: Apache-2.0
# Overlay of the perturbation engine for a PYNQ-Z2 (xc7z020clg400-1): processing system, one AXI DMA,
# the engine. In a bundle of `pezoexplore export --engine --lanes 2 ...`, after package_ip.tcl there:
#     vivado -mode batch -source overlay.tcl -tclargs BUNDLE
# leaves pezo.bit and pezo.hwh beside the bundle's files. Vivado has never run this script.

set bundle [file normalize [lindex $argv 0]]
create_project -force pezo [file join $bundle overlay] -part xc7z020clg400-1
set_property ip_repo_paths [file join $bundle ip] [current_project]
update_ip_catalog

create_bd_design pezo
set ps [create_bd_cell -type ip -vlnv xilinx.com:ip:processing_system7 ps]
set_property -dict {
    CONFIG.PCW_USE_S_AXI_HP0 1
    CONFIG.PCW_USE_M_AXI_GP0 1
    CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ 50
} $ps
make_bd_intf_pins_external [get_bd_intf_pins ps/DDR] [get_bd_intf_pins ps/FIXED_IO]

create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset reset
create_bd_cell -type ip -vlnv pezoexplore:rng:pezo_engine:1.0 engine
# One simple transfer a pass each way; 24 bits of length are 16 MB of weights.
set dma [create_bd_cell -type ip -vlnv xilinx.com:ip:axi_dma dma]
set_property -dict {
    CONFIG.c_include_sg 0
    CONFIG.c_sg_length_width 24
    CONFIG.c_m_axis_mm2s_tdata_width 32
    CONFIG.c_s_axis_s2mm_tdata_width 32
} $dma
set control [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect control]
set_property -dict {CONFIG.NUM_SI 1 CONFIG.NUM_MI 2} $control
set memory [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect memory]
set_property -dict {CONFIG.NUM_SI 2 CONFIG.NUM_MI 1} $memory

foreach {from to} {
    ps/M_AXI_GP0        control/S00_AXI
    control/M00_AXI     engine/s_axil
    control/M01_AXI     dma/S_AXI_LITE
    dma/M_AXI_MM2S      memory/S00_AXI
    dma/M_AXI_S2MM      memory/S01_AXI
    memory/M00_AXI      ps/S_AXI_HP0
    dma/M_AXIS_MM2S     engine/s_axis
    engine/m_axis       dma/S_AXIS_S2MM
} {
    connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to]
}
foreach pin {
    ps/M_AXI_GP0_ACLK ps/S_AXI_HP0_ACLK reset/slowest_sync_clk engine/aclk control/aclk memory/aclk
    dma/s_axi_lite_aclk dma/m_axi_mm2s_aclk dma/m_axi_s2mm_aclk
} {
    connect_bd_net [get_bd_pins ps/FCLK_CLK0] [get_bd_pins $pin]
}
connect_bd_net [get_bd_pins ps/FCLK_RESET0_N] [get_bd_pins reset/ext_reset_in]
foreach pin {engine/aresetn dma/axi_resetn control/aresetn memory/aresetn} {
    connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins $pin]
}
assign_bd_address
validate_bd_design
save_bd_design

set wrapper [make_wrapper -files [get_files pezo.bd] -top]
add_files -norecurse $wrapper
set_property top pezo_wrapper [current_fileset]
launch_runs impl_1 -to_step write_bitstream
wait_on_run impl_1
set run [get_property DIRECTORY [get_runs impl_1]]
file copy -force [file join $run pezo_wrapper.bit] [file join $bundle pezo.bit]
set made [file join $bundle overlay pezo.gen sources_1 bd pezo hw_handoff pezo.hwh]
file copy -force $made [file join $bundle pezo.hwh]
close_project
