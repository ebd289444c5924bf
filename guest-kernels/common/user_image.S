// The user programs' image, made before the kernel (USER_IMAGE names its file), on pages of its own.
        .section .user_image, "a"
        .balign 4096
        .incbin USER_IMAGE
        .section .note.GNU-stack, "", @progbits
