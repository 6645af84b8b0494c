// The runtime, embedded as it was linked: a shared object that inject/ maps into traced processes.
        .section .rodata
        .balign 16
        .global tiptoe_runtime_image_begin
        .global tiptoe_runtime_image_end
tiptoe_runtime_image_begin:
        .incbin TIPTOE_RUNTIME_IMAGE
tiptoe_runtime_image_end:
        .byte 0

        .section .note.GNU-stack, "", @progbits
