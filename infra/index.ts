import { readConfig } from "./config/readConfig";
import { declareGateway } from "./program";

export const {
  url,
  adminUrl,
  adminFunctionName,
  registryTableName,
  releaseBucketName,
  stateMachineArn,
  serviceArn,
  alarmTopicArn,
  dashboardName,
} = declareGateway(readConfig());
