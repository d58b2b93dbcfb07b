// Makes this processor look like one with AVX2 only: the instruction CPUID is trapped ("CPUID faulting": Intel, and newer
// AMD; Linux: man 2 arch_prctl) and answered without AVX-512, VNNI and AMX. training/older.py compiles and loads it.
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define SET_CPUID 0x1012  // arch_prctl: 0 traps the instruction, 1 lets it run

static struct sigaction before;

// Intel's manual 2A, CPUID, leaf 7: which bit of which register tells of which instructions.
static void forget(unsigned leaf, unsigned part, unsigned *a, unsigned *b, unsigned *c, unsigned *d) {
    if (leaf != 7) return;
    if (part == 0) {
        *b &= ~(1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31);  // AVX-512
        *c &= ~(1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14);     // its VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ
        *d &= ~(1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25);     // its FP16, and AMX
    }
    if (part == 1) {
        *a &= ~(1u << 4 | 1u << 5 | 1u << 21 | 1u << 23);                // AVX-VNNI, BF16, AMX-FP16, AVX-IFMA
        *d &= ~(1u << 4 | 1u << 5 | 1u << 10 | 1u << 19);                // AVX-VNNI-INT8, -NE-CONVERT, -INT16, AVX10
    }
}

static void answer(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *code = (const unsigned char *)registers[REG_RIP];
    if (info->si_code != SI_KERNEL || code[0] != 0x0f || code[1] != 0xa2) {  // no CPUID: a real fault
        sigaction(SIGSEGV, &before, NULL);
        return;
    }
    unsigned leaf = registers[REG_RAX], part = registers[REG_RCX], a, b, c, d;
    syscall(SYS_arch_prctl, SET_CPUID, 1);
    __cpuid_count(leaf, part, a, b, c, d);
    syscall(SYS_arch_prctl, SET_CPUID, 0);
    forget(leaf, part, &a, &b, &c, &d);
    registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void begin(void) {
    struct sigaction mine = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    sigaction(SIGSEGV, &mine, &before);
    syscall(SYS_arch_prctl, SET_CPUID, 0);
}
