/* The hidden subcommands with which Millrace runs seeds in fresh processes of itself: see
 * cli/campaign.c. */
#ifndef MR_CLI_SERVE_H
#define MR_CLI_SERVE_H

/* `_serve PATH base fill+1 reversed plant first last at stride trials`: results go to standard
 * output. */
int mr_serve_main(int argc, char **argv);
/* `_trace PATH base fill+1 reversed plant seed from stride max until`: a result and its
 * digests. */
int mr_trace_main(int argc, char **argv);

#endif
