// Command infra is the CDK app: it states everything the loop needs in AWS, one file per capability, and synthesises it
// into a CloudFormation template. It knows nothing of the program but the names in internal/config.
//
// Run it by the CDK command line from this folder, after `make build` has put the functions into .build:
//
//	npx cdk synth -c mailFrom=loop@example.com
//
// Context (-c key=value) is described at Params. The variant `localstack` leaves out what LocalStack's free edition lacks
// and takes amd64 builds; localstack.sh deploys it.
package main
