/* What Beam has and a simulation has not: one sentence each. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

struct refusal {
    const char *types; /* between spaces */
    const char *sentence;
};

static const struct refusal refusals[] = {
    {" ReadFromPubSub WriteToPubSub ReadFromPubSubLite WriteToPubSubLite ReadFromBigQuery "
     "WriteToBigQuery ReadFromJdbc WriteToJdbc ReadFromMySql WriteToMySql ReadFromPostgres "
     "WriteToPostgres ReadFromOracle WriteToOracle ReadFromSqlServer WriteToSqlServer "
     "ReadFromSpanner WriteToSpanner ReadFromBigTable WriteToBigTable ReadFromIceberg "
     "ReadFromIcebergCDC WriteToIceberg ReadFromDelta WriteToDelta ReadFromMongoDB "
     "WriteToMongoDB ReadFromDebezium WriteToDatadog WriteToSplunk ",
        "is a connector to a service outside of the simulation: mock it in 'tests', or put "
        "ReadFromLog or WriteToLog in its place"},
    {" ReadFromParquet WriteToParquet ReadFromAvro WriteToAvro ReadFromTFRecord "
     "WriteToTFRecord ",
        "is for files of a format that Millrace does not read or write (text, CSV and JSON "
        "are): mock it in 'tests'"},
    {" RunInference MLTransform AnomalyDetection ",
        "runs a model of machine learning, which the simulation has not: mock it in 'tests'"},
    {" Enrichment ",
        "asks a service outside of the simulation for each row: mock it in 'tests'"},
};

const char *mr_refusal(const char *type)
{
    char word[128] = " ";
    if (strlen(type) > sizeof word - 3) return NULL;
    memcpy(word + 1, type, strlen(type));
    word[1 + strlen(type)] = ' ';
    for (size_t i = 0; i < MR_COUNT_OF(refusals); i++)
        if (strstr(refusals[i].types, word)) return refusals[i].sentence;
    return NULL;
}
