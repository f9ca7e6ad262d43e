/* Ctrl-C and termination: what is under way is given up in order, and the exit code says so. */
#ifndef MR_CLI_INTERRUPT_H
#define MR_CLI_INTERRUPT_H

/* From now on SIGINT, SIGTERM and SIGPIPE are remembered instead of ending the program; a
 * second one of the first two ends it. */
void mr_interrupt_watch(void);
/* The signal that came; 0: none. The exit code is 128 more. */
int mr_interrupt_signal(void);

#endif
